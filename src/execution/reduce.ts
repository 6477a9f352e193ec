import { Code, StigmerError } from '../contract/errors.js';
import type { ExecutionEvent } from '../contract/gen/stigmer/stream/v1/event_pb.js';
import { checkLimit, EXECUTION_STATE_LIMIT, type Limit } from '../contract/limits.js';
import { isTerminal } from '../contract/phases.js';
import { applyAll } from './apply.js';
import { executionEvent } from './event.js';
import { type Projection, sizeOfState } from './projection.js';
import type { Update } from './update.js';
import { planCancelled, planCancelRequest, planFailure, planFinal, planFinalPhase } from './updates/ending.js';
import { planReport } from './updates/report.js';
import { alreadyEnded } from './updates/rules.js';
import { planStatus } from './updates/status.js';

/** What an update comes to: events to append, none when it says nothing new; or why it is refused. */
export type Reduction = { readonly events: readonly ExecutionEvent[]; readonly rejection?: undefined } | { readonly rejection: StigmerError };

/**
 * Decides what an update does to an execution. On success the projection has been moved on by the events; when the update is refused it
 * is as it was. Whoever appends the events to a log that does not take them drops the projection and loads it anew.
 *
 * Refusals: FAILED_PRECONDITION after the end (the same end again says nothing new), INVALID_ARGUMENT for what does not fit,
 * RESOURCE_EXHAUSTED when the state would grow over its limit, which only an end may.
 *
 * @param now milliseconds since 1970
 */
export function reduce(projection: Projection, update: Update, now: number, limit: Limit = EXECUTION_STATE_LIMIT): Reduction {
  const time = new Date(now).toISOString();
  const attempt = attemptOf(projection, () => plan(projection, update, time), update, limit);
  if (attempt.rejection === undefined || update.type !== 'final' || attempt.rejection.code === Code.INTERNAL) return attempt;
  return attemptOf(projection, () => planFinalPhase(projection, update.status, time), update, limit);
}

function plan(projection: Projection, update: Update, time: string): ExecutionEvent[] {
  switch (update.type) {
    case 'status':
      return planStatus(projection, update.status, time);
    case 'events':
      return planReport(projection, update.events, time);
    case 'cancel-request':
      return planCancelRequest(projection);
    case 'cancelled':
      return planCancelled(projection, update.reason, time);
    case 'failure':
      return planFailure(projection, update.error, time);
    case 'final':
      return planFinal(projection, update.status, time);
    case 'details':
      if (isTerminal(projection.status.phase)) throw alreadyEnded(projection);
      return [executionEvent('detailsChanged', { temporalWorkflowId: update.temporalWorkflowId })];
  }
}

function attemptOf(projection: Projection, planned: () => ExecutionEvent[], update: Update, limit: Limit): Reduction {
  try {
    const events = planned();
    applyAll(projection, events, () => {
      if (isLimited(update, events)) checkLimit(limit, sizeOfState(projection));
    });
    return { events };
  } catch (error) {
    if (error instanceof StigmerError) return { rejection: error };
    throw error;
  }
}

/** Whether the update adds to what was said. An end is short, and must find its place in a full state too. */
function isLimited(update: Update, events: readonly ExecutionEvent[]): boolean {
  if (update.type === 'cancelled' || update.type === 'failure') return false;
  return events.some(({ change }) => change.case !== 'phaseChanged' && change.case !== 'usageAdded' && change.case !== 'detailsChanged');
}
