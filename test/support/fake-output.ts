import { Screen, StreamOutput } from '../../src/cli/terminal/output.js';

/** An output whose text a test can read. With `columns` it is a terminal. */
export class FakeOutput extends StreamOutput {
  readonly #written: string[];

  constructor(options: { readonly columns?: number; readonly color?: boolean; readonly screen?: Screen } = {}) {
    const written: string[] = [];
    const { columns, color = false, screen = new Screen() } = options;
    const stream = { write: (text: string) => written.push(text), ...(columns === undefined ? {} : { columns }) };
    super(stream, screen, { color, isTty: columns !== undefined });
    this.#written = written;
  }

  /** Everything written, control sequences included. */
  get raw(): string {
    return this.#written.join('');
  }

  /** What a person sees: the lines of a terminal that never wraps by itself. */
  get screen(): string {
    return emulate(this.raw);
  }
}

/** The screen after this output, as far as the sequences that we write ourselves go. */
export function emulate(raw: string): string {
  const lines: string[][] = [[]];
  let column = 0;
  // oxlint-disable-next-line no-control-regex -- our own control sequences
  for (const [token] of raw.matchAll(/\u001b\[(\d*)([A-Za-z])|[\s\S]/gu)) {
    const line = lines.at(-1) as string[];
    // oxlint-disable-next-line no-control-regex -- the same
    const [, count = '', final] = /^\u001b\[(\d*)([A-Za-z])$/u.exec(token) ?? [];
    if (token === '\n') {
      lines.push([]);
      column = 0;
    } else if (token === '\r') column = 0;
    else if (final === 'D') column = Math.max(0, column - Number(count || 1));
    else if (final === 'K') line.length = Math.min(line.length, column);
    else if (final === undefined) {
      while (line.length < column) line.push(' ');
      line[column++] = token;
    } else if (final !== 'm') throw new Error(`the emulator does not know ${JSON.stringify(token)}`);
  }
  return lines.map((line) => line.join('')).join('\n');
}
