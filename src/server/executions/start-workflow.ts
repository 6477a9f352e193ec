import { create } from '@bufbuild/protobuf';
import type { AgentExecution } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { AgentExecutionStatusSchema } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import type { WorkflowExecution } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { WorkflowExecutionStatusSchema } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { Phase } from '../../contract/phases.js';
import type { ExecutionRow } from '../../store/ports.js';
import type { RunOptions, StartOutcome } from '../../workflows/client.js';
import { fromRow } from '../resources/resource.js';
import { sessionKind } from '../resources/kinds/session.js';
import type { ExecutionsContext } from './context.js';
import { decodeExecution } from './execution-message.js';

type StartContext = Pick<ExecutionsContext, 'temporal' | 'settings' | 'leases' | 'store'>;

/** Starts the workflow of a stored execution. Never throws for Temporal's sake; a repeat finds the first one. */
export async function startWorkflow(context: StartContext, row: ExecutionRow): Promise<StartOutcome> {
  const message = decodeExecution(row.kind, row.data);
  const { temporal } = context;
  if (row.kind === 'agent_execution') {
    const execution = { ...(message as AgentExecution), status: create(AgentExecutionStatusSchema, { phase: Phase.PENDING }) };
    return temporal.startAgentExecution(execution, await agentRunOptions(context, row));
  }
  const status = create(WorkflowExecutionStatusSchema, { phase: Phase.PENDING as number });
  return temporal.startWorkflowExecution({ ...(message as WorkflowExecution), status }, runOptions(context));
}

async function agentRunOptions(context: StartContext, row: ExecutionRow): Promise<RunOptions> {
  const { settings, leases, store } = context;
  const leased = leases.ofQueue(settings.agentRunnerQueue).length > 0;
  const heartbeatMs = leased ? settings.leasedHeartbeatMs : settings.unleasedHeartbeatMs;
  const session = await store.resources.get(sessionKind.kind.enumName, row.sessionId);
  const threadId = session === undefined ? '' : (fromRow(sessionKind, session).spec?.threadId ?? '');
  return { ...runOptions(context), heartbeatMs, ...(threadId === '' ? {} : { threadId }) };
}

function runOptions({ settings }: StartContext): RunOptions {
  const { scheduleToStartMs, startToCloseMs, cancelGraceMs } = settings;
  return { scheduleToStartMs, startToCloseMs, cancelGraceMs };
}
