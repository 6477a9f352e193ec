/**
 * Runs what has the same key one after the other, in order of arrival. Between servers on one database the store's versions decide;
 * within one, this spares writers of the same resource from refusing each other again and again.
 */
export class Serial {
  readonly #last = new Map<string, Promise<unknown>>();

  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const turn = before === undefined ? task() : before.then(task, task);
    this.#last.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.#last.get(key) === turn) this.#last.delete(key);
    }
  }
}
