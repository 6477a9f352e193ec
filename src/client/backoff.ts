/** How long to wait before the next try. */
export interface BackoffOptions {
  /** Milliseconds before the second try. */
  readonly initialMs: number;
  /** Most milliseconds between two tries. */
  readonly maxMs: number;
  /** From 0 up to but not 1. Default Math.random. */
  readonly random?: () => number;
}

/** Waiting times that double from try to try, each with jitter between half and the whole, so that clients do not come back in step. */
export class Backoff {
  #tries = 0;
  readonly #options: BackoffOptions;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** Milliseconds to wait now; the next call gives more. */
  next(): number {
    const { initialMs, maxMs, random = Math.random } = this.#options;
    const whole = Math.min(maxMs, initialMs * 2 ** this.#tries);
    this.#tries = Math.min(this.#tries + 1, 30);
    return whole / 2 + random() * (whole / 2);
  }

  /** It worked: begin anew. */
  reset(): void {
    this.#tries = 0;
  }
}
