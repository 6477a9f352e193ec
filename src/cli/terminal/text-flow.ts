import stringWidth from 'string-width';
import type { Output, Style } from './output.js';
import { TextCleaner } from './text-cleaner.js';

export interface FlowOptions {
  /** Spaces before each line. */
  readonly indent?: number;
  /** Where the first line starts, when something was written before it. */
  readonly column?: number;
  readonly style?: Style;
}

const ASCII = /^[\u0020-\u007e]*$/;
/** Narrower than this, breaking lines helps nobody. */
const NARROWEST = 20;

/**
 * Text that arrives in pieces, shown at once and broken between words at the width of the terminal. A word that turns out not to fit is
 * taken back and written on the next line. Where there is no terminal, lines stay as they are.
 */
export class TextFlow {
  readonly #out: Output;
  readonly #indent: number;
  readonly #style: Style | undefined;
  readonly #cleaner = new TextCleaner();
  #segmenter: Intl.Segmenter | undefined;
  #column: number;
  #started: boolean;
  /** The word at the end of the line, which may have to move. */
  #word = '';
  #wordWidth = 0;
  /** 1 when a space stands before that word, which goes when the word does. */
  #gap = 0;
  /** What is to be written, collected over one call. */
  #pending = '';

  constructor(out: Output, options: FlowOptions = {}) {
    this.#out = out;
    this.#indent = options.indent ?? 0;
    this.#style = options.style;
    this.#column = options.column ?? 0;
    this.#started = this.#column > 0;
  }

  /** Whether the next character starts a line. */
  get atLineStart(): boolean {
    return !this.#started;
  }

  write(text: string): void {
    const clean = this.#cleaner.take(text);
    const width = this.#width();
    for (const unit of this.#units(clean)) {
      if (unit === '\n') this.#newline();
      else if (width === undefined) this.#put(unit, 0);
      else this.#place(unit, width);
    }
    this.#flush();
  }

  /** Ends the line, if one was begun. */
  end(): void {
    if (!this.#started) return;
    this.#newline();
    this.#flush();
  }

  #width(): number | undefined {
    const { columns } = this.#out;
    if (columns === undefined || columns - this.#indent < NARROWEST) return undefined;
    // The last column is left free: a cursor that stands in it is moved differently by each terminal.
    return columns - 1;
  }

  #units(text: string): Iterable<string> {
    if (this.#out.columns === undefined) return text.split(/(\n)/).filter((line) => line !== '');
    if (ASCII.test(text)) return text;
    this.#segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
    return Array.from(this.#segmenter.segment(text), ({ segment }) => segment);
  }

  #place(unit: string, width: number): void {
    const columns = unit === '\t' ? 8 - (this.#column % 8) : stringWidth(unit);
    const overflows = this.#started && this.#column + columns > width;
    if (unit === ' ' || unit === '\t') {
      // A space at the end of the line is the break itself.
      if (overflows) this.#newline();
      else this.#put(unit, columns);
      this.#forgetWord(!overflows && unit === ' ' ? 1 : 0);
      return;
    }
    // Between wide characters (Chinese, emoji) a line may break anywhere.
    const wide = columns > 1;
    if (overflows) this.#breakBefore(wide, width);
    this.#put(unit, columns);
    if (wide) {
      this.#forgetWord(0);
      return;
    }
    this.#word += unit;
    this.#wordWidth += columns;
  }

  #forgetWord(gap: number): void {
    this.#word = '';
    this.#wordWidth = 0;
    this.#gap = gap;
  }

  /** Starts a line for what comes, and takes the word that it belongs to along. */
  #breakBefore(wide: boolean, width: number): void {
    const [word, wordWidth] = [this.#word, this.#wordWidth];
    const moves = !wide && word !== '' && this.#column - wordWidth > this.#indent && wordWidth <= width - this.#indent;
    const back = (moves ? wordWidth : 0) + (moves || word === '' ? this.#gap : 0);
    this.#flush();
    if (back > 0) this.#out.control(`\u001b[${back}D\u001b[K`);
    this.#newline();
    if (!moves) return;
    this.#put(word, wordWidth);
    this.#word = word;
    this.#wordWidth = wordWidth;
  }

  #put(text: string, columns: number): void {
    if (!this.#started) {
      this.#pending += ' '.repeat(this.#indent);
      this.#column = this.#indent;
      this.#started = true;
    }
    this.#pending += text;
    this.#column += columns;
  }

  #newline(): void {
    this.#pending += '\n';
    this.#column = 0;
    this.#started = false;
    this.#forgetWord(0);
  }

  #flush(): void {
    const text = this.#pending;
    this.#pending = '';
    if (text !== '') this.#out.write(this.#style === undefined ? text : { text, style: this.#style });
  }
}

/** A text with a prefix on its first line; the lines after it are indented as far. */
export function writeParagraph(out: Output, prefix: string, text: string, options: { readonly style?: Style; readonly prefixStyle?: Style } = {}): void {
  const column = stringWidth(prefix);
  out.write(options.prefixStyle === undefined ? prefix : { text: prefix, style: options.prefixStyle });
  const flow = new TextFlow(out, { indent: column, column, ...(options.style === undefined ? {} : { style: options.style }) });
  flow.write(text.trimEnd());
  if (flow.atLineStart) return;
  flow.end();
}
