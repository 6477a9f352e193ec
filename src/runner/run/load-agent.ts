import type { RpcClient } from '../../client/rpc-client.js';
import type { Clock } from '../../contract/clock.js';
import { failedPrecondition } from '../../contract/errors.js';
import type { Agent } from '../../contract/gen/ai/stigmer/agentic/agent/v1/api_pb.js';
import { AgentQueryController } from '../../contract/gen/ai/stigmer/agentic/agent/v1/query_pb.js';
import type { AgentExecution } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import type { AgentInstance } from '../../contract/gen/ai/stigmer/agentic/agentinstance/v1/api_pb.js';
import { AgentInstanceQueryController } from '../../contract/gen/ai/stigmer/agentic/agentinstance/v1/query_pb.js';
import { SessionQueryController } from '../../contract/gen/ai/stigmer/agentic/session/v1/query_pb.js';
import { loadSkills, type LoadedSkill } from './load-skills.js';
import { patiently } from './patiently.js';

/** The agent of a run, as the server has it. */
export interface LoadedAgent {
  readonly sessionId: string;
  readonly instance: AgentInstance;
  readonly agent: Agent;
  readonly skills: readonly LoadedSkill[];
  /** Skills of its sub-agents, in the order of these. */
  readonly subAgentSkills: readonly (readonly LoadedSkill[])[];
}

/**
 * Reads whose run it is: session, instance, agent, in that order, as the original's runner does, and then its skills. Throws StigmerError with a sentence
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
  const [skills, ...subAgentSkills] = await Promise.all(
    [agent.spec, ...(agent.spec?.subAgents ?? [])].map((one) => loadSkills(client, clock, one?.skillRefs ?? [], signal)),
  );
  return { sessionId, instance, agent, skills: skills ?? [], subAgentSkills };
}
