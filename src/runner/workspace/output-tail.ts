/** Output of a program: its beginning and its end, when there is too much in between. */
export class OutputTail {
  readonly #half: number;
  #head = Buffer.alloc(0);
  #tail = Buffer.alloc(0);
  #dropped = 0;
  /** Bytes that were pushed. */
  bytes = 0;

  /** Keeps about so many bytes. */
  constructor(most: number) {
    this.#half = Math.ceil(most / 2);
  }

  push(chunk: Buffer): void {
    this.bytes += chunk.length;
    const room = this.#half - this.#head.length;
    if (room > 0) this.#head = Buffer.concat([this.#head, chunk.subarray(0, room)]);
    const rest = chunk.subarray(Math.max(0, room));
    if (rest.length === 0) return;
    const tail = Buffer.concat([this.#tail, rest]);
    const over = Math.max(0, tail.length - this.#half);
    this.#dropped += over;
    this.#tail = tail.subarray(over);
  }

  get isCut(): boolean {
    return this.#dropped > 0;
  }

  get text(): string {
    if (!this.isCut) return Buffer.concat([this.#head, this.#tail]).toString();
    return `${this.#head.toString()}\n… [${this.#dropped} bytes are left out]\n${this.#tail.toString()}`;
  }
}
