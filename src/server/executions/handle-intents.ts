import { StigmerError, Code } from '../../contract/errors.js';
import { isTerminal, Phase, phaseName } from '../../contract/phases.js';
import type { ExecutionRow, Intent, StoredExecution } from '../../store/ports.js';
import type { ExecutionsContext } from './context.js';
import type { ExecutionIntent } from './execution-intents.js';
import type { IntentHandler } from './intent-loop.js';
import { NoticeCode, temporalDown, temporalSlow } from './notice-texts.js';
import { CALLBACK_TOKEN } from './runtime-secrets.js';
import { startWorkflow } from './start-workflow.js';
import { resultOf } from './execution-result.js';
import { loadExecution } from './load-execution.js';

/** What each type of intent comes to. A throw means that it is tried again. */
export function intentHandlers(context: ExecutionsContext): Record<ExecutionIntent, IntentHandler> {
  const unlessGone = (handle: (execution: StoredExecution, intent: Intent) => Promise<void>): IntentHandler => {
    return async (intent) => {
      const execution = await context.store.executions.get(intent.subject);
      if (execution !== undefined) await handle(execution, intent);
    };
  };
  return {
    'start-workflow': unlessGone((execution) => start(context, execution)),
    // Also for an execution that was deleted: its workflow must not go on.
    'cancel-workflow': async ({ subject, payload }) => {
      const { kind } = JSON.parse(payload) as { kind: ExecutionRow['kind'] };
      await context.temporal.cancel(kind, subject);
    },
    'end-cancelled': unlessGone((execution, intent) => endCancelled(context, execution, intent)),
    'complete-token': unlessGone((execution) => completeToken(context, execution)),
  };
}

async function start(context: ExecutionsContext, { row, head }: StoredExecution): Promise<void> {
  if (isTerminal(head.phase)) return;
  const outcome = await startWorkflow(context, row);
  if (outcome.outcome === 'started') {
    context.notices.clear(row.id, NoticeCode.TEMPORAL_DOWN);
    context.notices.clear(row.id, NoticeCode.TEMPORAL_SLOW);
    return;
  }
  context.notices.set(row.id, outcome.outcome === 'refused' ? temporalDown(context, outcome.reason) : temporalSlow(context, outcome.reason));
  throw outcome.reason;
}

async function endCancelled({ actors }: ExecutionsContext, { row, head }: StoredExecution, { payload }: Intent): Promise<void> {
  if (isTerminal(head.phase)) return;
  const { reason = '' } = JSON.parse(payload) as { reason?: string };
  try {
    await actors.actor(row.id).submit({ update: { type: 'cancelled', reason }, answer: () => undefined });
  } catch (error) {
    // It has ended otherwise in the meantime, or is gone.
    if (error instanceof StigmerError && (error.code === Code.FAILED_PRECONDITION || error.code === Code.NOT_FOUND)) return;
    throw error;
  }
}

/**
 * Answers whoever waits for the execution: with the agent's last message and its outcome when it has completed, with its error
 * otherwise. Once Temporal has heard it the token is of no use any more.
 */
async function completeToken({ store, temporal }: ExecutionsContext, { row }: StoredExecution): Promise<void> {
  const sealed = await store.secrets.open(row.id);
  const token = sealed[CALLBACK_TOKEN];
  const loaded = await loadExecution(store.executions, row.id);
  if (token === undefined || loaded === undefined) return;
  const { projection } = loaded;
  const { phase, error } = projection.status;
  if ((phase as number) === (Phase.COMPLETED as number)) await temporal.completeActivity(token, resultOf(projection));
  else await temporal.failActivity(token, error || `the execution ${row.id} ended as ${phaseName(phase)}`);
}
