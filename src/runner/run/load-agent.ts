import { Backoff } from '../../client/backoff.js';
import type { RpcClient } from '../../client/rpc-client.js';
import { wait } from '../../client/wait.js';
import type { Clock } from '../../contract/clock.js';
import { Code, failedPrecondition, StigmerError } from '../../contract/errors.js';
import type { Agent } from '../../contract/gen/ai/stigmer/agentic/agent/v1/api_pb.js';
import { AgentQueryController } from '../../contract/gen/ai/stigmer/agentic/agent/v1/query_pb.js';
import type { AgentExecution } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import type { AgentInstance } from '../../contract/gen/ai/stigmer/agentic/agentinstance/v1/api_pb.js';
import { AgentInstanceQueryController } from '../../contract/gen/ai/stigmer/agentic/agentinstance/v1/query_pb.js';
import { SessionQueryController } from '../../contract/gen/ai/stigmer/agentic/session/v1/query_pb.js';

/** The agent of a run, as the server has it. */
export interface LoadedAgent {
  readonly sessionId: string;
  readonly instance: AgentInstance;
  readonly agent: Agent;
}

/** How long a server that is away is waited for. */
const patienceMs = 30_000;

/**
 * Reads whose run it is: session, instance, agent, in that order, as the original's runner does. Throws StigmerError with a sentence
 * about what is missing.
 */
export async function loadAgent(client: RpcClient, clock: Clock, execution: AgentExecution, signal: AbortSignal): Promise<LoadedAgent> {
  const sessionId = execution.spec?.sessionId ?? '';
  if (sessionId === '') throw failedPrecondition('The execution names no session (spec.session_id is empty).');
  const session = await patiently(clock, signal, () => client.unary(SessionQueryController.method.get, { value: sessionId }, { signal }));
  const instanceId = session.spec?.agentInstanceId ?? '';
  if (instanceId === '') throw failedPrecondition(`The session ${sessionId} names no agent instance.`);
  const instance = await patiently(clock, signal, () => client.unary(AgentInstanceQueryController.method.get, { value: instanceId }, { signal }));
  const agentId = instance.spec?.agentId ?? '';
  if (agentId === '') throw failedPrecondition(`The agent instance ${instanceId} names no agent.`);
  const agent = await patiently(clock, signal, () => client.unary(AgentQueryController.method.get, { value: agentId }, { signal }));
  return { sessionId, instance, agent };
}

/** The call's answer, asked for again while the server is away, for half a minute. */
export async function patiently<T>(clock: Clock, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  const backoff = new Backoff({ initialMs: 200, maxMs: 2_000 });
  const end = clock.now() + patienceMs;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const reason = StigmerError.from(error);
      if (signal.aborted || reason.code !== Code.UNAVAILABLE || clock.now() >= end) throw reason;
      await wait(clock, backoff.next(), signal);
    }
  }
}
