import type { StigmerError } from '../../contract/errors.js';
import type { CallScope } from './call-scope.js';

/** The calls under way, so that a stopping server can end them. */
export class OpenCalls {
  readonly #streams = new Set<CallScope>();
  readonly #unary = new Set<CallScope>();
  #stopped: StigmerError | undefined;

  add(scope: CallScope, stream: boolean): void {
    if (this.#stopped !== undefined) return scope.end(this.#stopped);
    (stream ? this.#streams : this.#unary).add(scope);
  }

  delete(scope: CallScope): void {
    this.#streams.delete(scope);
    this.#unary.delete(scope);
  }

  get size(): number {
    return this.#streams.size + this.#unary.size;
  }

  /** Ends every stream, and every later call at once, with this error. Calls that have one answer may still give it. */
  stop(reason: StigmerError): void {
    this.#stopped = reason;
    for (const scope of this.#streams) scope.end(reason);
  }
}
