import { ApiResourceOwnerScope } from '../../src/contract/gen/ai/stigmer/commons/apiresource/enum_pb.js';
import { AgentCommandController } from '../../src/contract/gen/ai/stigmer/agentic/agent/v1/command_pb.js';
import { AgentExecutionCommandController } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { MessageType, ExecutionPhase } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { text } from '../requests.js';
import type { StigmerServer } from './stigmer-server.js';

export const API_VERSION = 'agentic.stigmer.ai/v1';
const TIME = '2026-11-22T12:00:00Z';

/** A draft of an agent whose instructions have so many bytes. */
export function agentDraft(name: string, bytes: number) {
  return {
    apiVersion: API_VERSION,
    kind: 'Agent',
    metadata: { name, ownerScope: ApiResourceOwnerScope.organization, org: 'bench' },
    spec: { instructions: text(bytes) },
  };
}

/** Makes an agent; gives its id. */
export async function createAgent(server: StigmerServer, bytes = 100): Promise<string> {
  const agent = await server.call(AgentCommandController.method.create, agentDraft(`bench-${bytes}-${Date.now()}`, bytes));
  return agent.metadata?.id ?? '';
}

/** What a client sends to run an agent in a session. */
export function executionDraft(place: { readonly agentId: string } | { readonly sessionId: string }) {
  return { apiVersion: API_VERSION, kind: 'AgentExecution', metadata: { name: 'bench' }, spec: { message: 'go', ...place } };
}

/** How many are made at a time. */
const PARALLEL = 16;

/** Makes executions in one session of a new agent; gives their ids. */
export async function createExecutions(server: StigmerServer, count: number): Promise<string[]> {
  const first = await server.call(AgentExecutionCommandController.method.create, executionDraft({ agentId: await createAgent(server) }));
  const sessionId = first.spec?.sessionId ?? '';
  const ids = [first.metadata?.id ?? ''];
  let left = count - 1;
  async function slot(): Promise<void> {
    while (left-- > 0) {
      const execution = await server.call(AgentExecutionCommandController.method.create, executionDraft({ sessionId }));
      ids.push(execution.metadata?.id ?? '');
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, slot));
  return ids;
}

/** Bytes of one message of a conversation. */
const MESSAGE = 450;

/**
 * A runner's full status of about so many bytes: a conversation whose last message has grown to a share of its length, as the original's
 * runners send it again and again.
 */
export function statusOf(bytes: number, share: number) {
  const messages = Math.max(1, Math.round(bytes / (MESSAGE + 40)));
  const content = bytes / messages - 40;
  return {
    phase: ExecutionPhase.EXECUTION_IN_PROGRESS,
    startedAt: TIME,
    messages: Array.from({ length: messages }, (_, i) => ({
      type: i === 0 ? MessageType.MESSAGE_HUMAN : MessageType.MESSAGE_AI,
      content: text(Math.round(i === messages - 1 ? content * share : content)),
      timestamp: TIME,
    })),
  };
}

/** Executions whose runs have begun, so that nothing is said about why they do not; gives their ids. */
export async function startRuns(server: StigmerServer, count: number): Promise<string[]> {
  const ids = await createExecutions(server, count);
  await Promise.all(ids.map((executionId) => server.call(AgentExecutionCommandController.method.updateStatus, { executionId, status: statusOf(200, 1) })));
  return ids;
}
