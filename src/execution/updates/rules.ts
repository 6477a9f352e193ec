import { failedPrecondition, invalidArgument, type StigmerError } from '../../contract/errors.js';
import type { AgentExecutionStatus, AgentMessage } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { MessageType } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import type { WorkflowExecutionStatus } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import type { ExecutionEvent } from '../../contract/gen/stigmer/stream/v1/event_pb.js';
import { Phase, phaseName } from '../../contract/phases.js';
import { executionEvent } from '../event.js';
import type { AgentProjection, Projection, WorkflowProjection } from '../projection.js';
import type { ExecutionStatus } from '../update.js';

/** The refusal of anything that comes after the end. */
export function alreadyEnded({ status }: Projection): StigmerError {
  const when = status.completedAt === '' ? '' : ` at ${status.completedAt}`;
  return failedPrecondition(`the execution has ended as ${phaseName(status.phase)}${when}; a later update is not taken`, { reason: 'EXECUTION_ENDED' });
}

export function isPending({ status }: Projection): boolean {
  return status.phase < Phase.IN_PROGRESS;
}

/** The start of the run: a runner's first report brings it about, and nothing else. */
export function begins(startedAt: string): ExecutionEvent {
  return executionEvent('phaseChanged', { phase: Phase.IN_PROGRESS, startedAt });
}

/** The end of the run. */
export function ends(phase: number, error: string, completedAt: string, startedAt = ''): ExecutionEvent {
  return executionEvent('phaseChanged', { phase, error, startedAt, completedAt });
}

/**
 * The reason that stands with an end: the reported one; for a failure without one the last system message, where the original's runner
 * puts it.
 */
export function failureReason({ status }: Projection, report: ExecutionStatus, phase: number): string {
  if (report.error !== '' || phase !== Phase.FAILED) return report.error;
  return status.error || ('messages' in report && lastSystemText(report.messages)) || 'the runner reported a failure and gave no reason';
}

export function lastSystemText(messages: readonly AgentMessage[]): string {
  return messages.findLast((message) => message.type === MessageType.MESSAGE_SYSTEM)?.content ?? '';
}

/**
 * Calls the rule of the execution's kind.
 *
 * @throws StigmerError INVALID_ARGUMENT when the status is of the other kind
 */
export function sameKind(
  projection: Projection,
  status: ExecutionStatus,
  rules: {
    agent(projection: AgentProjection, status: AgentExecutionStatus): AgentExecutionStatus;
    workflow(projection: WorkflowProjection, status: WorkflowExecutionStatus): WorkflowExecutionStatus;
  },
): ExecutionStatus {
  if (projection.kind === 'agent' && 'messages' in status) return rules.agent(projection, status);
  if (projection.kind === 'workflow' && 'tasks' in status) return rules.workflow(projection, status);
  throw invalidArgument('status', `must be of ${projection.kind === 'agent' ? 'an agent' : 'a workflow'} execution`);
}
