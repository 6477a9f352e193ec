import { clone } from '@bufbuild/protobuf';
import { annotations, readAnnotation } from '../../contract/annotations.js';
import { invalidArgument, notFound } from '../../contract/errors.js';
import { type AgentExecution, AgentExecutionSchema } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { AgentExecutionCommandController } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import type { WriteOp } from '../../store/ports.js';
import type { CallContext, Caller } from '../rpc.js';
import { idempotent } from '../resources/idempotent.js';
import { agentInstanceKind } from '../resources/kinds/agent-instance.js';
import { agentKind } from '../resources/kinds/agent.js';
import { sessionKind } from '../resources/kinds/session.js';
import type { ExecutionsContext } from './context.js';
import { agentExecutionKind } from './execution-kind.js';
import { initialMessage } from './initial-message.js';
import { type Belonging, checkDraft, newExecution } from './new-execution.js';
import { assertTemporal, type StartPlan, storeAndStart } from './store-and-start.js';

/**
 * Takes in a message to an agent. Session, and the agent's default instance, are made when they are missing, in one transaction with
 * the execution, its sealed secrets and the intent to start it. Answers the execution in phase pending.
 */
export async function createAgentExecution(context: ExecutionsContext, draft: AgentExecution, call: CallContext): Promise<AgentExecution> {
  checkDraft(context, agentExecutionKind, draft);
  const { sessionId = '', agentId = '' } = draft.spec ?? {};
  if (sessionId === '' && agentId === '') throw invalidArgument('spec', 'either session_id or agent_id must be provided');
  return idempotent(context, AgentExecutionCommandController.method.create, draft, call, async (keep) => {
    const queued = readAnnotation(draft.metadata, annotations.queue) === true;
    if (!queued) await assertTemporal(context);
    const plan = async (): Promise<StartPlan> => {
      const place = await placeOf(context, draft, call.caller);
      const message = clone(AgentExecutionSchema, draft);
      message.spec!.sessionId = place.belonging.sessionId;
      const execution = newExecution(context, agentExecutionKind, message, place.belonging, call.caller);
      return {
        execution,
        ops: [...place.ops, ...execution.ops, ...keep(initialMessage(execution.row) as AgentExecution)],
        undo: place.undo,
      };
    };
    const { execution } = await storeAndStart(context, plan, { queued, irrevocable: call.idempotencyKey !== '' });
    return initialMessage(execution.row) as AgentExecution;
  });
}

interface Place {
  readonly belonging: Belonging;
  readonly ops: readonly WriteOp[];
  readonly undo: readonly WriteOp[];
}

async function placeOf(context: ExecutionsContext, { spec, metadata }: AgentExecution, caller: Caller): Promise<Place> {
  const { sessionId = '', agentId = '' } = spec ?? {};
  return sessionId === '' ? newSession(context, agentId, metadata?.org ?? '', caller) : givenSession(context, sessionId, agentId);
}

async function givenSession({ engine }: ExecutionsContext, sessionId: string, agentId: string): Promise<Place> {
  const session = await engine.get(sessionKind, sessionId);
  const instanceId = session.spec?.agentInstanceId ?? '';
  const instance = await engine.get(agentInstanceKind, instanceId);
  const ownerId = instance.spec?.agentId ?? '';
  if (agentId !== '' && agentId !== ownerId) {
    if ((await engine.store.resources.get('agent', agentId)) === undefined) throw notFound('Agent', agentId);
    throw invalidArgument('spec.agent_id', `must be ${ownerId}, the agent of session ${sessionId}, or empty`);
  }
  const requirement: WriteOp = { op: 'require-resource', kind: 'session', id: sessionId, field: 'spec.session_id' };
  return { belonging: { sessionId, ownerId, instanceId }, ops: [requirement], undo: [] };
}

async function newSession({ engine }: ExecutionsContext, agentId: string, org: string, caller: Caller): Promise<Place> {
  const agent = await engine.get(agentKind, agentId);
  const instance = await engine.ensureDefaultInstance(agent, caller);
  const session = await engine.planSession({ agent, instance: instance.resource, org }, caller, { after: [instance] });
  const sessionId = session.resource.metadata?.id ?? '';
  return {
    belonging: { sessionId, ownerId: agentId, instanceId: instance.resource.metadata?.id ?? '' },
    ops: [...instance.ops, ...session.ops],
    undo: [{ op: 'delete-resource', kind: 'session', id: sessionId }],
  };
}
