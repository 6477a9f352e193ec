import { ApplicationFailure, CancellationScope, CancelledFailure, isCancellation, proxyActivities, sleep } from '@temporalio/workflow';
import type { ExecutionActivities } from '../activities/execution-activities.js';
import { protoPayload } from '../payloads/proto-payload.js';
import { explainFailure, type RunnerDescription } from './explain-failure.js';
import { fittingStatus, isTerminalPhase, readStatus, type StatusJson } from '../payloads/execution-status.js';

/** How long a cancelled run waits for its runner's last word. */
export const CANCEL_GRACE_MS = 4_000;

/** One run, whatever its kind. */
export interface Run {
  readonly executionId: string;
  /** Full name of the kind's status message. */
  readonly statusType: string;
  readonly runner: RunnerDescription;
  readonly cancelGraceMs: number;
  /** Hands the run to a runner and gives the runner's answer. Called once. */
  execute(): Promise<unknown>;
}

/** How a run ended: the status that the server is told, and how the workflow itself ends. */
interface Ending {
  readonly status: StatusJson;
  readonly failure?: ApplicationFailure | CancelledFailure;
}

/** Tells the server, for as long as it takes; the server fills what it lacks, and keeps a terminal state that it has. */
export const { UpdateExecutionStatus: tellServer } = proxyActivities<ExecutionActivities>({
  startToCloseTimeout: 30_000,
  retry: { initialInterval: 1_000, maximumInterval: 10_000 },
});

/**
 * Runs it and hands its end to the server, cancelled or not. A run that the runner itself reports as failed is a failure of the
 * execution, not of the workflow. A runner that is missing, lost, too slow or broken fails the workflow too, and a cancelled run cancels
 * it, so that Temporal's own view tells the same.
 */
export async function runExecution(run: Run): Promise<void> {
  const { status, failure } = await Promise.race([answerOf(run), endOfCancelGrace(run)]);
  await CancellationScope.nonCancellable(() => tellServer(run.executionId, protoPayload(run.statusType, fittingStatus(status))));
  if (failure) throw failure;
}

async function answerOf(run: Run): Promise<Ending> {
  try {
    const status = readStatus(await run.execute(), run.statusType);
    if (status && isTerminalPhase(status.phase)) return { status };
    const phase = status ? `ended the run in phase ${status.phase ?? 'EXECUTION_PHASE_UNSPECIFIED'}` : `did not answer with a ${run.statusType} as json/protobuf`;
    return wasCancelled() ? cancelled() : failed(`The ${run.runner.name} ${phase}, so nothing is known of its outcome.`);
  } catch (error) {
    return wasCancelled() || isCancellation(error) ? cancelled() : failed(explainFailure(error, run.runner));
  }
}

async function endOfCancelGrace(run: Run): Promise<Ending> {
  // Rejects when the workflow is cancelled, and never settles otherwise.
  await CancellationScope.current().cancelRequested.catch(() => undefined);
  await CancellationScope.nonCancellable(() => sleep(run.cancelGraceMs));
  return cancelled();
}

function wasCancelled(): boolean {
  return CancellationScope.current().consideredCancelled;
}

function cancelled(): Ending {
  return { status: { phase: 'EXECUTION_CANCELLED' }, failure: new CancelledFailure('the execution was cancelled') };
}

function failed(sentence: string): Ending {
  return { status: { phase: 'EXECUTION_FAILED', error: sentence }, failure: ApplicationFailure.nonRetryable(sentence, 'RunFailed') };
}
