/** Longest line that is kept whole, in UTF-16 code units. A longer one is handed on in pieces of this length. */
export const MAX_LINE_LENGTH = 64 * 1024;

/**
 * Cuts a stream of text into lines. Holds at most one unfinished line, and no more than `maxLength` of it: output without a
 * line end cannot grow the supervisor's memory.
 */
export class LineSplitter {
  readonly #maxLength: number;
  #rest = '';

  constructor(maxLength = MAX_LINE_LENGTH) {
    this.#maxLength = maxLength;
  }

  /** The lines that `chunk` completes, without their line ends. */
  push(chunk: string): string[] {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    const whole = lines.flatMap((line) => this.#pieces(line.endsWith('\r') ? line.slice(0, -1) : line));
    while (this.#rest.length > this.#maxLength) {
      whole.push(this.#rest.slice(0, this.#maxLength));
      this.#rest = this.#rest.slice(this.#maxLength);
    }
    return whole;
  }

  /** What stands after the last line end, when the stream is over. */
  end(): string[] {
    const rest = this.#rest;
    this.#rest = '';
    return rest === '' ? [] : [rest];
  }

  #pieces(line: string): string[] {
    if (line.length <= this.#maxLength) return [line];
    const pieces: string[] = [];
    for (let at = 0; at < line.length; at += this.#maxLength) pieces.push(line.slice(at, at + this.#maxLength));
    return pieces;
  }
}
