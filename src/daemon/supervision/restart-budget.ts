/** How many restarts are borne within which time. */
export interface RestartBudgetOptions {
  /** Default 10. */
  readonly restarts?: number;
  /** Length of the sliding window in milliseconds. Default 600 000 (ten minutes). */
  readonly windowMs?: number;
}

/** Allows a number of restarts within a sliding window; beyond it, restarting again would only hide that something is broken. */
export class RestartBudget {
  readonly restarts: number;
  readonly windowMs: number;
  #taken: number[] = [];

  constructor(options: RestartBudgetOptions = {}) {
    this.restarts = options.restarts ?? 10;
    this.windowMs = options.windowMs ?? 600_000;
  }

  /** Takes one restart at `now` (milliseconds); false when the budget is used up. */
  take(now: number): boolean {
    this.#taken = this.#taken.filter((at) => now - at < this.windowMs);
    if (this.#taken.length >= this.restarts) return false;
    this.#taken.push(now);
    return true;
  }

  /** Forgets the restarts so far: the component has proven stable. */
  reset(): void {
    this.#taken = [];
  }
}
