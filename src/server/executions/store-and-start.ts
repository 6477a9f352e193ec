import { unavailable } from '../../contract/errors.js';
import type { WriteOp } from '../../store/ports.js';
import type { ExecutionsContext } from './context.js';
import { executionIntent, intentId } from './execution-intents.js';
import type { NewExecution } from './new-execution.js';
import { temporalDown, temporalSlow } from './notice-texts.js';
import { startWorkflow } from './start-workflow.js';

export interface StartPlan {
  readonly execution: NewExecution;
  /** The whole write: the execution's own changes and those of what it needs. */
  readonly ops: readonly WriteOp[];
  /** Takes back what was made for this execution alone. */
  readonly undo: readonly WriteOp[];
}

export interface StartOptions {
  /** Accept it even if Temporal is down: it starts when Temporal is back. */
  readonly queued: boolean;
  /** The answer is kept under a key, so that it must stay true. */
  readonly irrevocable: boolean;
}

/** Asks Temporal for a sign of life, unless its latest call was answered. Throws UNAVAILABLE; nothing is stored then. */
export async function assertTemporal({ temporal }: Pick<ExecutionsContext, 'temporal'>): Promise<void> {
  if (temporal.state().state === 'connected') return;
  try {
    await temporal.health();
  } catch (error) {
    throw engineUnavailable(error);
  }
}

/**
 * Writes an execution and starts its workflow at once. A start that is certainly refused leaves nothing behind and throws UNAVAILABLE;
 * one whose outcome is not known leaves the execution accepted, with a notice, and to the intent loop.
 */
export async function storeAndStart(context: ExecutionsContext, plan: () => Promise<StartPlan>, options: StartOptions): Promise<StartPlan> {
  const { engine, store, intents, notices, clock } = context;
  const written = await engine.transact(plan);
  const { row } = written.execution;
  const outcome = await startWorkflow(context, row);
  if (outcome.outcome === 'started') {
    // Not waited for: should it be lost, the loop starts the workflow again and finds it started.
    store.write([{ op: 'settle-intent', id: intentId('start-workflow', row.id) }]).catch((error: unknown) => {
      context.log.warn({ err: error, execution: row.id }, 'the intent to start a workflow could not be settled; it is carried out once more');
    });
    return written;
  }
  if (outcome.outcome === 'refused' && !options.queued && !options.irrevocable) {
    await store.write([
      { op: 'delete-execution', id: row.id },
      { op: 'settle-intent', id: intentId('start-workflow', row.id) },
      { op: 'settle-intent', id: intentId('complete-token', row.id) },
      ...written.undo,
    ]);
    context.broker.remove(row.id);
    throw engineUnavailable(outcome.reason);
  }
  notices.set(row.id, outcome.outcome === 'refused' ? temporalDown(context, outcome.reason) : temporalSlow(context, outcome.reason));
  await store.write([{ op: 'put-intent', intent: executionIntent('start-workflow', row.id, clock.now()) }]);
  intents.wake();
  return written;
}

function engineUnavailable(error: unknown) {
  const reason = error instanceof Error ? error.message : String(error);
  return unavailable(
    `The workflow engine is unavailable, and nothing was stored. ${reason}. Is it running? stigmer server status shows it, and stigmer server start --only temporal starts it.`,
    { reason: 'TEMPORAL_UNAVAILABLE', cause: error },
  );
}
