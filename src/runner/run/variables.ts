import type { RpcClient } from '../../client/rpc-client.js';
import { wait } from '../../client/wait.js';
import type { Clock } from '../../contract/clock.js';
import { StigmerError } from '../../contract/errors.js';
import type { AgentExecution } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { EnvironmentQueryController } from '../../contract/gen/ai/stigmer/agentic/environment/v1/query_pb.js';
import { type ClaimResponse, RunnerService } from '../../contract/gen/stigmer/runner/v1/runner_pb.js';
import type { LoadedAgent } from './load-agent.js';
import { patiently } from './patiently.js';

/** The variables of a run. */
export interface RunVariables {
  readonly values: Readonly<Record<string, string>>;
  /** Values that must not be seen. */
  readonly secrets: readonly string[];
}

export interface VariablesRequest {
  readonly client: RpcClient;
  readonly clock: Clock;
  readonly execution: AgentExecution;
  readonly loaded: LoadedAgent;
  /** The lease that is held now; undefined with a server that knows none. */
  readonly leaseId: () => string | undefined;
  readonly attempt: number;
  readonly signal: AbortSignal;
}

interface Value {
  readonly value: string;
  readonly isSecret: boolean;
}

/** How long a new lease is waited for when the old one was lost, and how often it is looked for. */
const leasePatienceMs = 30_000;
const leaseLookMs = 100;

/**
 * The variables of a run: what the agent has by default, over it its environments in their order, over these what the run was given.
 * Secret values are claimed from the server, once per attempt, because they travel in no other way; from a server that has no such thing
 * they are read where they stand.
 */
export async function runVariables(request: VariablesRequest): Promise<RunVariables> {
  const { execution, loaded } = request;
  const defaults = loaded.agent.spec?.envSpec?.data ?? {};
  const references = loaded.instance.spec?.environmentRefs ?? [];
  const own = execution.spec?.runtimeEnv ?? {};
  if (Object.keys(defaults).length + references.length + Object.keys(own).length === 0) return { values: {}, secrets: [] };
  if (request.leaseId() !== undefined) {
    const { runtimeEnv, secretNames } = await claim(request);
    return { values: runtimeEnv, secrets: secretNames.flatMap((name) => runtimeEnv[name] ?? []) };
  }
  const { client, clock, signal } = request;
  const merged: Record<string, Value> = Object.fromEntries(Object.entries(defaults).filter(([, { value }]) => value !== ''));
  for (const reference of references) {
    const environment = await patiently(clock, signal, () => client.unary(EnvironmentQueryController.method.getByReference, reference, { signal }));
    Object.assign(merged, environment.spec?.data);
  }
  Object.assign(merged, own);
  const all = Object.entries(merged);
  return { values: Object.fromEntries(all.map(([name, { value }]) => [name, value])), secrets: all.flatMap(([, { value, isSecret }]) => (isSecret ? [value] : [])) };
}

/** Claims with the lease that is held; one that was lost a moment ago is renewed by whoever holds it. */
async function claim({ client, clock, execution, leaseId, attempt, signal }: VariablesRequest): Promise<ClaimResponse> {
  const executionId = execution.metadata?.id ?? '';
  const end = clock.now() + leasePatienceMs;
  for (;;) {
    const lease = leaseId() ?? '';
    try {
      return await patiently(clock, signal, () => client.unary(RunnerService.method.claim, { executionId, attempt, leaseId: lease }, { signal }));
    } catch (error) {
      if (StigmerError.from(error).reason !== 'LEASE_LOST' || clock.now() >= end) throw error;
      while (leaseId() === lease && clock.now() < end && !signal.aborted) await wait(clock, leaseLookMs, signal);
    }
  }
}
