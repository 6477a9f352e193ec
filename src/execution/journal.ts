/**
 * What a projection keeps while it changes: its size, and during a transaction how to take every change back. Changes are told to it by
 * whoever makes them.
 */
export class Journal {
  /** Bytes of the state in protobuf binary. */
  bytes = 0;
  #undo: (() => void)[] | undefined;
  #bytesAtBegin = 0;

  /** From here on changes can be taken back. Transactions do not nest. */
  begin(): void {
    this.#undo = [];
    this.#bytesAtBegin = this.bytes;
  }

  commit(): void {
    this.#undo = undefined;
  }

  rollback(): void {
    const undo = this.#undo ?? [];
    this.#undo = undefined;
    for (const step of undo.toReversed()) step();
    this.bytes = this.#bytesAtBegin;
  }

  /** Notes how to take back what was just done. */
  note(undo: () => void): void {
    this.#undo?.push(undo);
  }

  /** Sets a field; `growth` is what the state's size changes by. */
  set<T, K extends keyof T>(target: T, key: K, value: T[K], growth: number): void {
    const before = target[key];
    target[key] = value;
    this.bytes += growth;
    this.#undo?.push(() => {
      target[key] = before;
    });
  }
}
