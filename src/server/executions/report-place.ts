import { failedPrecondition, invalidArgument } from '../../contract/errors.js';
import type { Update } from '../../execution/update.js';
import type { ReportSource } from '../../store/ports.js';

/** Where a report's events stand within its run's attempt. */
export interface ReportPlace {
  readonly attempt: number;
  /** Sequence number of the first event, from 1. */
  readonly firstSequence: number;
}

/**
 * What of a report is new: without the events that the log has. Undefined when it has them all. FAILED_PRECONDITION from an attempt that
 * was given up on, INVALID_ARGUMENT when events are missing in between.
 */
export function placeReport(
  update: Update,
  place: ReportPlace | undefined,
  logged: ReportSource | undefined,
): { readonly update: Update; readonly source?: ReportSource } | undefined {
  if (place === undefined || update.type !== 'events') return { update };
  const { attempt, firstSequence } = place;
  assertAttempt(attempt, logged);
  const acknowledged = logged?.attempt === attempt ? logged.sequence : 0;
  if (firstSequence > acknowledged + 1) {
    throw invalidArgument('events.first_sequence', `must be at most ${acknowledged + 1}, the one after the last acknowledged event, and is ${firstSequence}`);
  }
  const last = firstSequence + update.events.length - 1;
  if (last <= acknowledged) return undefined;
  return { update: { type: 'events', events: update.events.slice(acknowledged + 1 - firstSequence) }, source: { attempt, sequence: last } };
}

/** Refuses an attempt that is lower than the log's: its run was given up on and goes on elsewhere. */
export function assertAttempt(attempt: number, logged: ReportSource | undefined): void {
  if (logged !== undefined && attempt < logged.attempt) {
    throw failedPrecondition(`attempt ${attempt} was given up on: attempt ${logged.attempt} has the run now`, { reason: 'ATTEMPT_OVERTAKEN' });
  }
}
