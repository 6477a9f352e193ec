import { ActivityFailure, ApplicationFailure, RetryState, TimeoutFailure, TimeoutType } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { explainFailure, type RunnerDescription } from './explain-failure.js';

const runner: RunnerDescription = {
  name: 'agent-runner',
  limits: { taskQueue: 'q', scheduleToStartTimeout: 86_400_000, startToCloseTimeout: 5_400_000, heartbeatTimeout: 30_000 },
};

function failedBy(cause: Error): ActivityFailure {
  return new ActivityFailure('Activity task failed', 'ExecuteGraphton', '1', RetryState.MAXIMUM_ATTEMPTS_REACHED, 'me', cause);
}

function timedOut(type: TimeoutType): ActivityFailure {
  return failedBy(new TimeoutFailure('activity timed out', undefined, type));
}

describe('the sentence for a run without an answer', () => {
  it('names the queue and the command when no runner took it', () => {
    const sentence = explainFailure(timedOut(TimeoutType.SCHEDULE_TO_START), runner);
    expect(sentence).toContain('No agent-runner took this run within 24 h: nothing polled the queue q');
    expect(sentence).toContain('stigmer server start --only agent-runner');
  });

  it('says that the runner was lost, and in which attempt', () => {
    expect(explainFailure(timedOut(TimeoutType.HEARTBEAT), runner)).toContain('was lost: no sign of life for 30 s. It may');
    const limits = { ...runner.limits, retry: { maximumAttempts: 3 } };
    expect(explainFailure(timedOut(TimeoutType.HEARTBEAT), { ...runner, limits })).toContain('no sign of life for 30 s, in the last of 3 attempts.');
  });

  it('says that it took too long, with the limit', () => {
    expect(explainFailure(timedOut(TimeoutType.START_TO_CLOSE), runner)).toBe('The run took longer than 90 min, which is its limit.');
  });

  it("passes on the runner's own error with its type, cut where it is endless", () => {
    expect(explainFailure(failedBy(ApplicationFailure.create({ message: 'no disk', type: 'OSError' })), runner)).toBe(
      'The agent-runner broke off with an error of its own: OSError: no disk',
    );
    expect(explainFailure(failedBy(new Error('x'.repeat(100_000))), runner).length).toBeLessThan(5_000);
  });
});
