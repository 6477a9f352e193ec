/** Bounds of the wait before a restart, in milliseconds. */
export interface BackoffOptions {
  /** First wait, before jitter. Default 1 000. */
  readonly firstMs?: number;
  /** Longest wait. Default 60 000. */
  readonly maxMs?: number;
}

/**
 * Waits that double from `firstMs` to `maxMs`. Each is drawn between half and all of its value, so that components that
 * fell together do not come back together.
 */
export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #nextMs: number;

  /** @param random uniform in [0, 1) */
  constructor(random: () => number, options: BackoffOptions = {}) {
    this.#random = random;
    this.#firstMs = options.firstMs ?? 1_000;
    this.#maxMs = options.maxMs ?? 60_000;
    this.#nextMs = this.#firstMs;
  }

  /** The next wait, in milliseconds. */
  next(): number {
    const ceiling = this.#nextMs;
    this.#nextMs = Math.min(ceiling * 2, this.#maxMs);
    return Math.round(ceiling / 2 + (this.#random() * ceiling) / 2);
  }

  /** Starts again at `firstMs`. */
  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}
