/** Which executions somebody watches: for those it is found out why they do not move. */
export class WatchedExecutions {
  readonly #watchers = new Map<string, number>();
  readonly #onFirst: (executionId: string) => void;

  /** `onFirst` is called when somebody begins to watch an execution that nobody watched. */
  constructor(onFirst: (executionId: string) => void = () => undefined) {
    this.#onFirst = onFirst;
  }

  /** Counts a watcher for as long as the work takes. */
  async during<T>(executionId: string, work: () => Promise<T>): Promise<T> {
    const before = this.#watchers.get(executionId) ?? 0;
    this.#watchers.set(executionId, before + 1);
    if (before === 0) this.#onFirst(executionId);
    try {
      return await work();
    } finally {
      const left = (this.#watchers.get(executionId) ?? 1) - 1;
      if (left === 0) this.#watchers.delete(executionId);
      else this.#watchers.set(executionId, left);
    }
  }

  ids(): readonly string[] {
    return [...this.#watchers.keys()];
  }
}
