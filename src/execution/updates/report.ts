import { invalidArgument } from '../../contract/errors.js';
import type { ExecutionEvent } from '../../contract/gen/stigmer/stream/v1/event_pb.js';
import { isPhase, isTerminal, Phase } from '../../contract/phases.js';
import { executionEvent } from '../event.js';
import type { Projection } from '../projection.js';
import { alreadyEnded, begins, ends, isPending, lastSystemText } from './rules.js';

/**
 * A runner's events: each is kept, with the server's times in place of the runner's, and the start of the run before the first.
 *
 * @param time now, in RFC 3339
 */
export function planReport(projection: Projection, events: readonly ExecutionEvent[], time: string): ExecutionEvent[] {
  const { phase } = projection.status;
  if (isTerminal(phase)) {
    if (events.every(({ change }) => change.case === 'phaseChanged' && (change.value.phase as number) === phase)) return [];
    throw alreadyEnded(projection);
  }
  const timed = events.map((event, i) => withServerTimes(projection, events, i, event, time));
  return isPending(projection) && timed.length > 0 ? [begins(time), ...timed] : timed;
}

function withServerTimes(projection: Projection, events: readonly ExecutionEvent[], i: number, event: ExecutionEvent, time: string): ExecutionEvent {
  const { change } = event;
  if (change.case === 'detailsChanged') {
    const { error, temporalWorkflowId } = change.value;
    return executionEvent('detailsChanged', { error, temporalWorkflowId });
  }
  if (change.case !== 'phaseChanged') return event;
  const { phase, error } = change.value;
  if (!isPhase(phase) || phase === Phase.PENDING) {
    throw invalidArgument(`events[${i}].phase_changed.phase`, `must be a number from 2 to 5 and is ${phase}`);
  }
  if (phase === Phase.IN_PROGRESS) return executionEvent('phaseChanged', { phase, error });
  return ends(phase, phase === Phase.FAILED ? error || reasonIn(projection, events) : error, time);
}

function reasonIn({ status }: Projection, events: readonly ExecutionEvent[]): string {
  const reported = events.flatMap(({ change }) => (change.case === 'messageAppended' && change.value.message) || []);
  return lastSystemText(reported) || status.error || ('messages' in status && lastSystemText(status.messages)) || 'the runner reported a failure and gave no reason';
}
