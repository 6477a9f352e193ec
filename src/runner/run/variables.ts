import type { RpcClient } from '../../client/rpc-client.js';
import type { Clock } from '../../contract/clock.js';
import type { AgentExecution } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { RunnerService } from '../../contract/gen/stigmer/runner/v1/runner_pb.js';
import { patiently } from './load-agent.js';

/** The variables of a run. */
export interface RunVariables {
  readonly values: Readonly<Record<string, string>>;
  /** Values that must not be seen. */
  readonly secrets: readonly string[];
}

/**
 * The values of runtime_env: claimed from the server, once per attempt, because they travel nowhere else; or, of a server that has no
 * such thing, as they stand in the execution.
 */
export async function runVariables(
  client: RpcClient,
  clock: Clock,
  execution: AgentExecution,
  claim: { readonly leaseId: string; readonly attempt: number } | undefined,
  signal: AbortSignal,
): Promise<RunVariables> {
  const given = Object.entries(execution.spec?.runtimeEnv ?? {});
  if (given.length === 0) return { values: {}, secrets: [] };
  if (claim === undefined) {
    return { values: Object.fromEntries(given.map(([name, { value }]) => [name, value])), secrets: given.flatMap(([, { value, isSecret }]) => (isSecret ? [value] : [])) };
  }
  const executionId = execution.metadata?.id ?? '';
  const { runtimeEnv, secretNames } = await patiently(clock, signal, () => client.unary(RunnerService.method.claim, { executionId, ...claim }, { signal }));
  return { values: runtimeEnv, secrets: secretNames.flatMap((name) => runtimeEnv[name] ?? []) };
}
