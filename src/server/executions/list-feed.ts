import type { ExecutionHead } from '../../store/ports.js';

/** What happened to an execution, for those who watch lists. */
export type ListEvent =
  /** Its head is another one now; that of a new execution is at revision 1. */
  | { readonly type: 'moved'; readonly executionId: string; readonly head: ExecutionHead }
  | { readonly type: 'deleted'; readonly executionId: string };

/** Tells the watchers of lists what the log's tail and deletions bring. */
export class ListFeed {
  readonly #listeners = new Set<(event: ListEvent) => void>();

  /** Gives the function that ends it. */
  listen(listener: (event: ListEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(event: ListEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  get size(): number {
    return this.#listeners.size;
  }
}
