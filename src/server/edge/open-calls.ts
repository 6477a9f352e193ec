import type { StigmerError } from '../../contract/errors.js';
import type { CallScope } from './call-scope.js';

/** The calls under way, so that a stopping server can end them. */
export class OpenCalls {
  readonly #scopes = new Set<CallScope>();
  #stopped: StigmerError | undefined;

  add(scope: CallScope): void {
    if (this.#stopped === undefined) this.#scopes.add(scope);
    else scope.end(this.#stopped);
  }

  delete(scope: CallScope): void {
    this.#scopes.delete(scope);
  }

  get size(): number {
    return this.#scopes.size;
  }

  /** Ends every call, and every later one at once, with this error. */
  stop(reason: StigmerError): void {
    this.#stopped = reason;
    for (const scope of this.#scopes) scope.end(reason);
  }
}
