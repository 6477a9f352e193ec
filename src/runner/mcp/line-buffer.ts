/** Cuts a stream of bytes into lines, without reading any byte twice. */
export class LineBuffer {
  readonly #most: number;
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** Throws from `push` when a line has more bytes than this. */
  constructor(most: number) {
    this.#most = most;
  }

  /** The lines that are complete now. */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, from)) {
      this.#keep(chunk.subarray(from, at));
      lines.push(Buffer.concat(this.#chunks).toString());
      this.#chunks = [];
      this.#bytes = 0;
      from = at + 1;
    }
    this.#keep(chunk.subarray(from));
    return lines;
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return;
    this.#chunks.push(part);
    this.#bytes += part.length;
    if (this.#bytes > this.#most) throw new Error(`it says more than ${this.#most} bytes in one message`);
  }
}
