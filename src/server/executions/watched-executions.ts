/** Which executions somebody watches: for those it is found out why they do not move. */
export class WatchedExecutions {
  readonly #watchers = new Map<string, number>();
  readonly #listeners = new Set<(executionId: string, watched: boolean) => void>();

  /** Counts a watcher for as long as the work takes. */
  async during<T>(executionId: string, work: () => Promise<T>): Promise<T> {
    const before = this.#watchers.get(executionId) ?? 0;
    this.#watchers.set(executionId, before + 1);
    if (before === 0) this.#tell(executionId, true);
    try {
      return await work();
    } finally {
      const left = (this.#watchers.get(executionId) ?? 1) - 1;
      if (left > 0) {
        this.#watchers.set(executionId, left);
      } else {
        this.#watchers.delete(executionId);
        this.#tell(executionId, false);
      }
    }
  }

  has(executionId: string): boolean {
    return this.#watchers.has(executionId);
  }

  /** Calls back when an execution gets its first watcher and when it loses its last. Gives the function that ends it. */
  onChange(listener: (executionId: string, watched: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(executionId: string, watched: boolean): void {
    for (const listener of this.#listeners) listener(executionId, watched);
  }
}
