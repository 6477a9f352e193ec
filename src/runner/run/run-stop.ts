import { cancelled, StigmerError, unavailable } from '../../contract/errors.js';

const RUNNER_STOPPING = 'RUNNER_STOPPING';

/** Reason of a run's abort: nobody wants it any more. */
export function runCancelled(reason: string): StigmerError {
  return cancelled(reason === '' ? 'The run was cancelled.' : reason);
}

/** Reason of a run's abort: its runner ends. The run itself has not come to an end. */
export function runnerStopping(name: string): StigmerError {
  return unavailable(`The agent-runner ${name} was stopped while it was at work on the run.`, { reason: RUNNER_STOPPING });
}

export function isRunnerStopping(reason: unknown): boolean {
  return reason instanceof StigmerError && reason.reason === RUNNER_STOPPING;
}
