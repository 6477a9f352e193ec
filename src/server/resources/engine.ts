import type { Agent } from '../../contract/gen/ai/stigmer/agentic/agent/v1/api_pb.js';
import type { AgentInstance } from '../../contract/gen/ai/stigmer/agentic/agentinstance/v1/api_pb.js';
import type { Session } from '../../contract/gen/ai/stigmer/agentic/session/v1/api_pb.js';
import type { ApiResourceReference } from '../../contract/gen/ai/stigmer/commons/apiresource/io_pb.js';
import type { Clock } from '../../contract/clock.js';
import type { Store } from '../../store/ports.js';
import type { Caller } from '../rpc.js';
import type { ResourceKind } from './kind.js';
import type { Plan } from './plan.js';
import type { Resource } from './resource.js';

/** Removes executions on behalf of a resource's deletion: running ones are cancelled first, watchers get their end. */
export interface ExecutionDeleter {
  /** Ids that are gone already are passed over. */
  deleteExecutions(ids: readonly string[], caller: Caller): Promise<void>;
}

export interface EngineOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Makes an id from a prefix: `agt` gives `agt-<ULID in lower case>`. */
  readonly newId: (prefix: string) => string;
  readonly executions: ExecutionDeleter;
}

/** Plans that are not written yet and that a new plan may refer to. */
export interface PlanOptions {
  readonly after?: readonly Plan[];
}

/** What to give planSession. */
export interface SessionRequest {
  readonly agent: Agent;
  readonly instance: AgentInstance;
  /** Organisation of the execution that needs the session, or ''. */
  readonly org: string;
}

/** Every command and query on resources, once for all kinds. */
export class ResourceEngine {
  readonly #options: EngineOptions;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  /** The resource, secret values shown as `***`. Throws NOT_FOUND `<Kind> not found: <id>`. */
  async get<R extends Resource>(_kind: ResourceKind<R>, _id: string): Promise<R> {
    throw new Error(`not written yet ${String(this.#options)}`);
  }

  /** By scope, organisation and slug. Throws NOT_FOUND, and INVALID_ARGUMENT for a reference that names nothing or too much. */
  async getByReference<R extends Resource>(_kind: ResourceKind<R>, _reference: ApiResourceReference): Promise<R> {
    throw new Error('not written yet');
  }

  async planCreate<R extends Resource>(_kind: ResourceKind<R>, _draft: R, _caller: Caller, _options?: PlanOptions): Promise<Plan<R>> {
    throw new Error('not written yet');
  }

  async planUpdate<R extends Resource>(_kind: ResourceKind<R>, _draft: R, _caller: Caller): Promise<Plan<R>> {
    throw new Error('not written yet');
  }

  async planApply<R extends Resource>(_kind: ResourceKind<R>, _draft: R, _caller: Caller): Promise<Plan<R>> {
    throw new Error('not written yet');
  }

  async planDelete<R extends Resource>(_kind: ResourceKind<R>, _id: string, _caller: Caller, _options?: { readonly force?: boolean }): Promise<Plan<R>> {
    throw new Error('not written yet');
  }

  /**
   * The agent's default instance: the one that its status names, else one adopted by parent id, else a new one. The plan's ops are
   * empty when the agent has it already; else they set `status.default_instance_id` as well.
   */
  async ensureDefaultInstance(_agent: Agent, _caller: Caller): Promise<Plan<AgentInstance>> {
    throw new Error('not written yet');
  }

  /** A session made by the server for an execution that names none. Its instance may come from a plan in `options.after`. */
  async planSession(_request: SessionRequest, _caller: Caller, _options?: PlanOptions): Promise<Plan<Session>> {
    throw new Error('not written yet');
  }

  /**
   * Plans, then writes what was planned, in one transaction. When the store refuses because something changed since the plan was
   * made, plans anew, up to five times. `extra` joins changes that are not resources (an execution, an intent, an idempotency key).
   */
  async transact<T extends { readonly ops: Plan['ops'] }>(_plan: () => Promise<T>): Promise<T> {
    throw new Error('not written yet');
  }
}
