import type { EncodedEvent } from './types.js';

export interface CatchUpOptions<E> {
  /** Events after a revision; undefined when they are not kept any more. */
  read(after: number): Promise<readonly EncodedEvent<E>[] | undefined>;
  /** Bytes of events to give out at a time; one event is given out whatever its size. */
  readonly maxBytes: number;
}

/** Reads from the log what lies between a watcher's place and the tail: a piece at a time, and only when it has been taken. */
export class CatchUp<E> {
  readonly #options: CatchUpOptions<E>;
  #piece: readonly EncodedEvent<E>[] = [];
  #isReading = false;
  #isExhausted = false;

  constructor(options: CatchUpOptions<E>) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#piece.length === 0;
  }

  /** The log does not have what is wanted. */
  get isExhausted(): boolean {
    return this.#isExhausted;
  }

  /** The next events of the piece at hand, or undefined when it is used up. */
  take(): readonly EncodedEvent<E>[] | undefined {
    if (this.isEmpty) return undefined;
    let bytes = 0;
    const over = this.#piece.findIndex((event, i) => {
      bytes += event.bytes.length;
      return i > 0 && bytes > this.#options.maxBytes;
    });
    const taken = over === -1 ? this.#piece : this.#piece.slice(0, over);
    this.#piece = over === -1 ? [] : this.#piece.slice(over);
    return taken;
  }

  /** A piece is being read. */
  get isReading(): boolean {
    return this.#isReading;
  }

  /** Reads the next piece. Not to be called while that is under way. @throws what reading throws */
  async fill(after: number): Promise<void> {
    this.#isReading = true;
    this.#piece = (await this.#options.read(after)) ?? [];
    this.#isExhausted = this.isEmpty;
    this.#isReading = false;
  }
}
