import { type ActivityOptions, ActivityCancellationType, workflowInfo } from '@temporalio/workflow';
import { RUNNER_QUEUE_MEMO } from '../names.js';
import type { RunOptions } from '../run-options.js';

const HOUR_MS = 3_600_000;

/** Limits of a runner's activity, in milliseconds where they are times. */
export interface RunnerActivityOptions extends ActivityOptions {
  readonly taskQueue: string;
  readonly scheduleToStartTimeout: number;
  readonly startToCloseTimeout: number;
  readonly heartbeatTimeout?: number;
}

/** The queue that the memo names, as whoever started the workflow wants it. */
export function runnerQueue(fallback: string): string {
  const named = workflowInfo().memo?.[RUNNER_QUEUE_MEMO];
  return typeof named === 'string' && named !== '' ? named : fallback;
}

/**
 * One run is one activity. It waits for its runner's last word when it is cancelled. With several attempts it is tried again after the
 * loss of a runner, on the same thread; a run that took too long is not.
 */
export function runnerActivityOptions(queue: string, options: RunOptions): RunnerActivityOptions {
  return {
    taskQueue: queue,
    scheduleToStartTimeout: options.scheduleToStartMs ?? 24 * HOUR_MS,
    startToCloseTimeout: options.startToCloseMs ?? 2 * HOUR_MS,
    ...(options.heartbeatMs === undefined ? {} : { heartbeatTimeout: options.heartbeatMs }),
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      maximumAttempts: options.attempts ?? 1,
      initialInterval: 1_000,
      maximumInterval: 10_000,
      nonRetryableErrorTypes: ['TemporalTimeout:StartToClose'],
    },
  };
}
