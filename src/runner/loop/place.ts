import { AsyncLocalStorage } from 'node:async_hooks';
import type { StigmerError } from '../../contract/errors.js';

/** One call to the model, while it is under way. */
export interface ModelCall {
  readonly turn: string;
  readonly scope: string | undefined;
  /** Ids of its tool calls: by the one that the model gave, the one that is unique in the run. */
  readonly ids: Map<string, string>;
  /** Why the provider did not answer, as its HTTP side saw it. Libraries wrap that beyond recognition. */
  failure?: StigmerError;
}

/** Where in a run some code is at work. */
export interface Place {
  /** Id of the sub-agent; absent in the agent itself. */
  readonly scope?: string;
  readonly call?: ModelCall;
}

/**
 * Where the running code is: known to everything that a model call or a sub-agent does in its own time, callbacks of the library and
 * requests of its HTTP client included. One for each loop.
 */
export class Places {
  readonly #storage = new AsyncLocalStorage<Place>();

  get here(): Place {
    return this.#storage.getStore() ?? {};
  }

  /** Runs it one step further in. */
  within<T>(place: Place, run: () => T): T {
    return this.#storage.run({ ...this.here, ...place }, run);
  }
}
