import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { RunnerActivityOptions } from './runner-activity.js';

/** Who was to do the work, and within which limits. */
export interface RunnerDescription {
  /** `agent-runner`: also the component's name in commands. */
  readonly name: string;
  readonly limits: RunnerActivityOptions;
}

/** The longest text of a runner's own error that is passed on. */
const LONGEST_CAUSE = 4_000;

/** Says for a person why an activity of a runner gave no answer, and what to do. */
export function explainFailure(error: unknown, runner: RunnerDescription): string {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof TimeoutFailure) return explainTimeout(cause, runner);
  const type = cause instanceof ApplicationFailure && cause.type && cause.type !== 'Error' ? `${cause.type}: ` : '';
  const text = cause instanceof Error ? cause.message : String(cause);
  return `The ${runner.name} broke off with an error of its own: ${type}${shorten(text)}`;
}

function explainTimeout(timeout: TimeoutFailure, { name, limits }: RunnerDescription): string {
  switch (timeout.timeoutType) {
    case 'SCHEDULE_TO_START':
      return (
        `No ${name} took this run within ${duration(limits.scheduleToStartTimeout)}: nothing polled the queue ${limits.taskQueue}, ` +
        `or all runners were busy. Start one: stigmer server start --only ${name}`
      );
    case 'HEARTBEAT':
      return (
        `The ${name} was lost: no sign of life for ${duration(limits.heartbeatTimeout ?? 0)}${attemptsMade(limits)}. ` +
        `It may have crashed or been stopped: stigmer server logs -c ${name}`
      );
    case 'START_TO_CLOSE':
    case 'SCHEDULE_TO_CLOSE':
      return `The run took longer than ${duration(limits.startToCloseTimeout)}, which is its limit.`;
    default:
      return `The run timed out: ${shorten(timeout.message)}`;
  }
}

function attemptsMade({ retry }: RunnerActivityOptions): string {
  const attempts = retry?.maximumAttempts ?? 1;
  return attempts > 1 ? `, in the last of ${attempts} attempts` : '';
}

const UNITS = [
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** `2 h`, `90 s`, `250 ms`: in the largest unit that leaves no remainder. */
function duration(ms: number): string {
  const [unit, size] = UNITS.find(([, size]) => ms >= size && ms % size === 0) ?? ['ms', 1];
  return `${ms / size} ${unit}`;
}

function shorten(text: string): string {
  return text.length <= LONGEST_CAUSE ? text : `${text.slice(0, LONGEST_CAUSE)} …`;
}
