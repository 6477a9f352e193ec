import stringWidth from 'string-width';
import { bold, type Output, type Piece, plain } from './output.js';
import { cleanLine } from './text-cleaner.js';
import { writeParagraph } from './text-flow.js';

/** A column of a table. */
export interface Column {
  readonly title: string;
  /** Its cells may be broken over several lines where the terminal is too narrow. For texts, never for ids, which people copy. */
  readonly wraps?: boolean;
}

const GAP = 2;
/** A column that wraps is not made narrower than this. */
const NARROWEST = 16;

/**
 * Writes a table, columns aligned by what a person sees. Columns without any content are left out. Nothing is cut: where the terminal is
 * too narrow, texts are broken, and where that is not enough each row becomes a block of lines.
 */
export function writeTable(out: Output, columns: readonly Column[], rows: readonly (readonly Piece[])[]): void {
  const shown = columns.map((_column, index) => rows.some((row) => textOf(row[index]) !== ''));
  const kept = columns.filter((_column, index) => shown[index]);
  const cells = rows.map((row) => row.filter((_cell, index) => shown[index]));
  const widths = fit(out, kept, kept.map(({ title }, index) => Math.max(stringWidth(title), ...cells.map((row) => stringWidth(textOf(row[index]))))));
  if (tooWide(out, widths)) {
    writeBlocks(out, kept, cells);
    return;
  }
  writeRow(out, kept.map(({ title }) => bold(title)), widths);
  for (const row of cells) writeRow(out, row, widths);
}

function totalWidth(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP * (widths.length - 1);
}

function tooWide(out: Output, widths: readonly number[]): boolean {
  return out.columns !== undefined && totalWidth(widths) > out.columns - 1;
}

/** Each row as lines of title and value, a blank line between two rows. */
function writeBlocks(out: Output, columns: readonly Column[], rows: readonly (readonly Piece[])[]): void {
  const width = Math.max(...columns.map(({ title }) => stringWidth(title)));
  for (const [index, row] of rows.entries()) {
    if (index > 0) out.line();
    for (const [place, { title }] of columns.entries()) {
      const cell = row[place];
      if (textOf(cell) === '') continue;
      const style = typeof cell === 'object' ? { style: cell.style } : {};
      writeParagraph(out, title.padEnd(width + GAP), textOf(cell), { prefixStyle: 'bold', ...style });
    }
  }
}

function fit(out: Output, columns: readonly Column[], widths: readonly number[]): number[] {
  let excess = out.columns === undefined ? 0 : totalWidth(widths) - (out.columns - 1);
  return widths.map((width, index) => {
    if (excess <= 0 || columns[index]?.wraps !== true) return width;
    const less = Math.min(excess, Math.max(0, width - NARROWEST));
    excess -= less;
    return width - less;
  });
}

function writeRow(out: Output, row: readonly Piece[], widths: readonly number[]): void {
  const cells = row.map((cell, index) => breakText(textOf(cell), widths[index] ?? 0));
  const height = Math.max(...cells.map(({ length }) => length));
  for (let lineIndex = 0; lineIndex < height; lineIndex++) {
    const last = cells.findLastIndex((lines) => (lines[lineIndex] ?? '') !== '');
    const pieces = cells.slice(0, last + 1).flatMap((lines, index): Piece[] => {
      const text = lines[lineIndex] ?? '';
      const padding = index === last ? 0 : (widths[index] ?? 0) - stringWidth(text) + GAP;
      const cell = row[index];
      return [typeof cell === 'object' ? { ...cell, text } : text, ' '.repeat(Math.max(0, padding))];
    });
    out.line(...pieces);
  }
}

/** Lines of at most this width, broken between words, or within one that is longer. */
function breakText(text: string, width: number): string[] {
  if (stringWidth(text) <= width) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((one) => chop(one, width))) {
    if (line !== '' && stringWidth(line) + 1 + stringWidth(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function chop(word: string, width: number): string[] {
  if (stringWidth(word) <= width) return [word];
  const parts: string[] = [];
  let part = '';
  for (const char of word) {
    if (stringWidth(part + char) > width) {
      parts.push(part);
      part = '';
    }
    part += char;
  }
  return [...parts, part];
}

function textOf(cell: Piece | undefined): string {
  return cell === undefined ? '' : cleanLine(plain(cell));
}
