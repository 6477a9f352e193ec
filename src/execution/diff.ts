import type { ExecutionEvent } from '../contract/gen/stigmer/stream/v1/event_pb.js';
import { isTerminal, Phase } from '../contract/phases.js';
import { executionEvent } from './event.js';
import { diffAgent } from './kinds/agent/diff.js';
import { diffWorkflow } from './kinds/workflow/diff.js';
import type { Projection } from './projection.js';
import type { ExecutionStatus } from './update.js';

/**
 * Events that lead from the projection to a status of its kind, lists replaced as a whole. A phase, text or output that `to` does not
 * have is kept, since no event takes one back. A phase that ends the execution comes last, another one first.
 */
export function diff(projection: Projection, to: ExecutionStatus): ExecutionEvent[] {
  const contents = diffContents(projection, to);
  const head = diffHead(projection, to);
  return isTerminal(to.phase) ? [...contents, ...head] : [...head, ...contents];
}

/** What `diff` gives, phase, error, times and workflow id left out. */
export function diffContents(projection: Projection, to: ExecutionStatus): ExecutionEvent[] {
  if (projection.kind === 'agent' && 'messages' in to) return diffAgent(projection, to);
  if (projection.kind === 'workflow' && 'tasks' in to) return diffWorkflow(projection, to);
  throw new TypeError(`a ${to.$typeName} is no status of an execution of kind ${projection.kind}`);
}

function diffHead({ status }: Projection, to: ExecutionStatus): ExecutionEvent[] {
  const events: ExecutionEvent[] = [];
  const head = {
    error: to.error === status.error ? '' : to.error,
    startedAt: to.startedAt === status.startedAt ? '' : to.startedAt,
    completedAt: to.completedAt === status.completedAt ? '' : to.completedAt,
  };
  const temporalWorkflowId = workflowId(to) === workflowId(status) ? '' : workflowId(to);
  const moves = to.phase !== Phase.UNSPECIFIED && (to.phase as number) !== status.phase;
  const details = moves ? { temporalWorkflowId } : { ...head, temporalWorkflowId };
  if (Object.values(details).some((text) => text !== '')) events.push(executionEvent('detailsChanged', details));
  if (moves) events.push(executionEvent('phaseChanged', { phase: to.phase as number, ...head }));
  return events;
}

function workflowId(status: ExecutionStatus): string {
  return 'temporalWorkflowId' in status ? status.temporalWorkflowId : '';
}
