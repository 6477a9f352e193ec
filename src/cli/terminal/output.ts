import pc from 'picocolors';
import { cleanText } from './text-cleaner.js';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Text with a style. */
export interface Styled {
  readonly text: string;
  readonly style: Style;
}

/** What is written: text, with or without a style. It is never trusted: control sequences in it are taken out. */
export type Piece = string | Styled;

export const bold = (text: string): Styled => ({ text, style: 'bold' });
export const dim = (text: string): Styled => ({ text, style: 'dim' });
export const red = (text: string): Styled => ({ text, style: 'red' });
export const green = (text: string): Styled => ({ text, style: 'green' });
export const yellow = (text: string): Styled => ({ text, style: 'yellow' });
export const cyan = (text: string): Styled => ({ text, style: 'cyan' });

/** The text of a piece, without its style. */
export function plain(piece: Piece): string {
  return typeof piece === 'string' ? piece : piece.text;
}

/** The one way to the screen. */
export interface Output {
  readonly isTty: boolean;
  /** Width of the terminal as it is now; undefined when this is none. */
  readonly columns: number | undefined;
  /** Whether the next character starts a line. */
  readonly atLineStart: boolean;
  write(...pieces: readonly Piece[]): void;
  /** The same and a newline. */
  line(...pieces: readonly Piece[]): void;
  /** Shows a line below everything else that is gone as soon as something is written, or when called without pieces. Terminals only. */
  status(...pieces: readonly Piece[]): void;
  /** A control sequence of our own. Terminals only. */
  control(sequence: string): void;
}

/** The part of process.stdout that is used. */
export interface OutputStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** What standard output and standard error know of each other when both are the same terminal. */
export class Screen {
  atLineStart = true;
  /** Takes the status line away. */
  clearStatus: (() => void) | undefined;
}

const ERASE_LINE = '\r\u001b[K';

/** Output to a stream of the process. */
export class StreamOutput implements Output {
  readonly isTty: boolean;
  readonly #stream: OutputStream;
  readonly #screen: Screen;
  readonly #colors: ReturnType<typeof pc.createColors>;

  /** @param screen shared by the outputs that are terminals */
  constructor(stream: OutputStream, screen: Screen, options: { readonly color: boolean; readonly isTty: boolean }) {
    this.#stream = stream;
    this.isTty = options.isTty;
    this.#screen = this.isTty ? screen : new Screen();
    this.#colors = pc.createColors(options.color);
  }

  get columns(): number | undefined {
    if (!this.isTty) return undefined;
    // A terminal that says 0 does not know.
    return this.#stream.columns || 80;
  }

  get atLineStart(): boolean {
    return this.#screen.atLineStart;
  }

  write(...pieces: readonly Piece[]): void {
    const texts = pieces.map((piece) => (typeof piece === 'string' ? { text: cleanText(piece) } : { ...piece, text: cleanText(piece.text) }));
    const last = texts.findLast(({ text }) => text !== '');
    if (last === undefined) return;
    this.#screen.clearStatus?.();
    this.#stream.write(texts.map((piece) => this.#styled(piece)).join(''));
    this.#screen.atLineStart = last.text.endsWith('\n');
  }

  line(...pieces: readonly Piece[]): void {
    this.write(...pieces, '\n');
  }

  status(...pieces: readonly Piece[]): void {
    if (!this.isTty) return;
    this.#screen.clearStatus?.();
    if (pieces.length === 0 || !this.#screen.atLineStart) return;
    const room = (this.columns ?? 80) - 1;
    let text = '';
    for (const piece of pieces) {
      const fitting = cleanText(plain(piece)).replaceAll('\n', ' ').slice(0, Math.max(0, room - text.length));
      this.#stream.write(this.#styled(typeof piece === 'string' ? { text: fitting } : { ...piece, text: fitting }));
      text += fitting;
    }
    this.#screen.clearStatus = () => {
      this.#screen.clearStatus = undefined;
      this.#stream.write(ERASE_LINE);
    };
  }

  control(sequence: string): void {
    if (!this.isTty) return;
    this.#screen.clearStatus?.();
    this.#stream.write(sequence);
  }

  /** A style ends before each newline, so that no line depends on the one before. */
  #styled({ text, style }: { readonly text: string; readonly style?: Style }): string {
    if (style === undefined) return text;
    const paint = this.#colors[style];
    return text
      .split('\n')
      .map((line) => (line === '' ? '' : paint(line)))
      .join('\n');
  }
}
