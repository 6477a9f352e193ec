import type { StigmerError } from '../../contract/errors.js';

/** The runs that this runner is at work on. */
export class ActiveRuns {
  readonly #runs = new Map<string, AbortController>();
  #emptied: (() => void)[] = [];

  get ids(): readonly string[] {
    return [...this.#runs.keys()];
  }

  /** Adds a run and gives the signal that ends it. A second attempt of a run takes the place of the first, which is ended. */
  add(executionId: string, superseded: StigmerError): { readonly signal: AbortSignal; readonly done: () => void } {
    this.#runs.get(executionId)?.abort(superseded);
    const abort = new AbortController();
    this.#runs.set(executionId, abort);
    return {
      signal: abort.signal,
      done: () => {
        if (this.#runs.get(executionId) === abort) this.#runs.delete(executionId);
        if (this.#runs.size === 0) for (const resolve of this.#emptied.splice(0)) resolve();
      },
    };
  }

  /** Ends a run; one that is not here is none of this runner's. */
  end(executionId: string, reason: StigmerError): void {
    this.#runs.get(executionId)?.abort(reason);
  }

  endAll(reason: StigmerError): void {
    for (const abort of this.#runs.values()) abort.abort(reason);
  }

  /** Resolves when there is none. */
  empty(): Promise<void> {
    if (this.#runs.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#emptied.push(resolve));
  }
}
