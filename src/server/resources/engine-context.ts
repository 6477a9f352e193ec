import type { Clock } from '../../contract/clock.js';
import type { NewId } from '../../contract/ids.js';
import type { ApiResourceKind } from '../../contract/kinds.js';
import type { Validate } from '../../contract/validation.js';
import type { Store } from '../../store/ports.js';
import type { Caller } from '../rpc.js';
import type { KindDefinition } from './kind.js';
import type { Plan } from './plan.js';
import type { Resource } from './resource.js';

/** Removes executions on behalf of a resource's deletion: running ones are cancelled first, watchers get their end. */
export interface ExecutionDeleter {
  /** Ids that are gone already are passed over. */
  deleteExecutions(ids: readonly string[], caller: Caller): Promise<void>;
}

/** What the engine stands on, as the composition root gives it. */
export interface EngineOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly validate: Validate;
  readonly executions: ExecutionDeleter;
}

/** The same, and what the definitions of all kinds say of each other. */
export interface EngineContext extends EngineOptions {
  readonly definitions: readonly KindDefinition[];
  /** The definition of a kind that the engine serves. */
  definition(kind: ApiResourceKind): KindDefinition;
  /** Kinds whose resources belong to one of this kind. */
  childrenOf(kind: ApiResourceKind): readonly KindDefinition[];
  /** Whether some kind refers to this one by a required reference. */
  isReferable(kind: ApiResourceKind): boolean;
}

export interface PlanOptions<R extends Resource = Resource> {
  /** Plans that are to be written before this one, in the same write, and that it may refer to. */
  readonly after?: readonly Plan[];
  /** Sets fields that are the server's own, before the resource is compared and stored. */
  readonly amend?: (resource: R) => void;
}

export function engineContext(options: EngineOptions, definitions: readonly KindDefinition[]): EngineContext {
  const byKind = new Map(definitions.map((definition) => [definition.kind.kind, definition]));
  const referable = new Set(
    definitions.flatMap(({ references = [] }) => references.filter(({ required }) => required).map(({ kind }) => kind)),
  );
  return {
    ...options,
    definitions,
    definition(kind) {
      const found = byKind.get(kind);
      if (found === undefined) throw new RangeError(`the resource engine does not serve the kind ${kind}`);
      return found;
    },
    childrenOf: (kind) => definitions.filter(({ parent }) => parent?.kind === kind),
    isReferable: (kind) => referable.has(kind),
  };
}
