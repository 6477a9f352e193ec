import { create } from '@bufbuild/protobuf';
import { failedPrecondition, internal, invalidArgument } from '../contract/errors.js';
import { type ExecutionEvent, type Usage, UsageSchema } from '../contract/gen/stigmer/stream/v1/event_pb.js';
import { isPhase, isTerminal, phaseName } from '../contract/phases.js';
import { required } from './check.js';
import { sizeOfUsage } from './element-size.js';
import { type Change, changeName } from './event.js';
import { applyAgentChange } from './kinds/agent/apply.js';
import { applyWorkflowChange } from './kinds/workflow/apply.js';
import type { Projection } from './projection.js';
import { sizeOfNumber, sizeOfText } from './wire-size.js';

/**
 * Moves the projection on by one event. It is unchanged when this throws.
 *
 * @throws StigmerError INVALID_ARGUMENT when the event does not fit, FAILED_PRECONDITION when the execution has ended
 */
export function apply(projection: Projection, event: ExecutionEvent): void {
  if (isTerminal(projection.status.phase)) {
    throw failedPrecondition(`the execution has ended as ${phaseName(projection.status.phase)}; nothing can be added to it`);
  }
  const { change } = event;
  if (change.case === undefined) throw invalidArgument('change', 'must be one of the changes that this version knows');
  const known =
    applyCommonChange(projection, change) ||
    (projection.kind === 'agent' ? applyAgentChange(projection, change) : applyWorkflowChange(projection, change));
  if (!known) throw invalidArgument(changeName(change.case), `is no event of ${projection.kind === 'agent' ? 'an agent' : 'a workflow'} execution`);
}

/**
 * Applies events one after another, all of them or none.
 *
 * @throws StigmerError as `apply` does; the projection is then as it was
 */
export function applyAll(projection: Projection, events: readonly ExecutionEvent[], check: () => void = () => {}): void {
  const { journal } = projection;
  journal.begin();
  try {
    for (const event of events) apply(projection, event);
    check();
    journal.commit();
  } catch (error) {
    journal.rollback();
    throw error;
  }
}

function applyCommonChange(projection: Projection, change: Change): boolean {
  switch (change.case) {
    case 'phaseChanged':
      if (!isPhase(change.value.phase)) throw invalidArgument('phase_changed.phase', `must be a number from 1 to 5 and is ${change.value.phase}`);
      setHead(projection, 'error', change.value.error);
      setHead(projection, 'startedAt', change.value.startedAt);
      setHead(projection, 'completedAt', change.value.completedAt);
      setPhase(projection, change.value.phase);
      return true;
    case 'detailsChanged':
      if (change.value.temporalWorkflowId !== '' && projection.kind !== 'workflow') {
        throw invalidArgument('details_changed.temporal_workflow_id', 'is a field of workflow executions only');
      }
      setHead(projection, 'error', change.value.error);
      setHead(projection, 'startedAt', change.value.startedAt);
      setHead(projection, 'completedAt', change.value.completedAt);
      setWorkflowId(projection, change.value.temporalWorkflowId);
      return true;
    case 'usageAdded': {
      const { state, journal } = projection;
      const usage = addUsage(state.usage, required('usage_added.usage', change.value.usage));
      journal.set(state, 'usage', usage, sizeOfUsage(usage) - sizeOfUsage(state.usage));
      return true;
    }
    default:
      return false;
  }
}

/** The sum of two usages. The model is the later one's, when it names one. */
export function addUsage(sum: Usage | undefined, usage: Usage): Usage {
  if (sum === undefined) return usage;
  return create(UsageSchema, {
    inputTokens: sum.inputTokens + usage.inputTokens,
    outputTokens: sum.outputTokens + usage.outputTokens,
    cachedInputTokens: sum.cachedInputTokens + usage.cachedInputTokens,
    modelCalls: sum.modelCalls + usage.modelCalls,
    costMicros: sum.costMicros + usage.costMicros,
    model: usage.model === '' ? sum.model : usage.model,
  });
}

function setPhase({ status, journal }: Projection, phase: number): void {
  journal.set(status, 'phase', phase, sizeOfNumber(phase) - sizeOfNumber(status.phase));
}

function setHead({ status, journal }: Projection, field: 'error' | 'startedAt' | 'completedAt', text: string): void {
  if (text !== '') journal.set(status, field, text, sizeOfText(text) - sizeOfText(status[field]));
}

function setWorkflowId(projection: Projection, id: string): void {
  if (id === '') return;
  if (projection.kind !== 'workflow') throw internal('an agent execution has no Temporal workflow id of its own');
  projection.journal.set(projection.status, 'temporalWorkflowId', id, sizeOfText(id) - sizeOfText(projection.status.temporalWorkflowId));
}
