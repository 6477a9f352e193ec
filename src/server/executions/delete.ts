import { Code, invalidArgument, StigmerError } from '../../contract/errors.js';
import { isTerminal } from '../../contract/phases.js';
import type { StoredExecution, WriteOp } from '../../store/ports.js';
import type { Caller } from '../rpc.js';
import { recordChange } from '../resources/changes.js';
import type { ExecutionDeleter } from '../resources/engine-context.js';
import type { ExecutionsContext } from './context.js';
import { executionIntent, intentId } from './execution-intents.js';
import type { ExecutionKind } from './execution-kind.js';
import { getExecution } from './queries.js';
import type { ReportSessions } from './report-sessions.js';

export interface DeleteContext extends ExecutionsContext {
  readonly reports: ReportSessions;
  /** Tells the watchers of lists. */
  readonly onDeleted: (executionId: string) => void;
}

/** Removes an execution and answers its last state. A running one is cancelled first, its watchers hear that it was deleted. */
export async function deleteExecution(context: DeleteContext, kind: ExecutionKind, id: string, caller: Caller): Promise<Uint8Array> {
  if (id === '') throw invalidArgument('value', 'must not be empty');
  const last = await getExecution(context, kind, id);
  await remove(context, id, caller);
  return last;
}

/** The same for many, on behalf of what they belong to. */
export function executionDeleter(context: () => DeleteContext): ExecutionDeleter {
  return {
    async deleteExecutions(ids, caller) {
      for (const id of ids) await remove(context(), id, caller);
    },
  };
}

async function remove(context: DeleteContext, id: string, caller: Caller): Promise<void> {
  const { store, engine, actors, leases, broker, notices, reports, intents, onDeleted, clock } = context;
  const stored = await store.executions.get(id);
  if (stored === undefined) return;
  const { row, head } = stored;
  const children = await engine.planChildrenDelete(id, caller);
  try {
    await store.write([
      { op: 'delete-execution', id },
      ...leftIntents(context, stored),
      ...children,
      recordChange({ kind: row.kind, id, org: row.org }, 'deleted', caller, clock.now()),
    ]);
  } catch (error) {
    if (error instanceof StigmerError && error.code === Code.NOT_FOUND) return;
    throw error;
  }
  actors.peek(id)?.refresh();
  broker.remove(id);
  notices.forget(id);
  reports.stop(id, 'the execution was deleted');
  onDeleted(id);
  if (isTerminal(head.phase)) return;
  leases.cancel(id, 'the execution was deleted');
  intents.wake();
}

/** Nothing is left to do for an execution that is gone, but to cancel the workflow of one that ran. */
function leftIntents({ clock }: DeleteContext, { row, head }: StoredExecution): WriteOp[] {
  const types = ['start-workflow', 'cancel-workflow', 'end-cancelled', 'complete-token'] as const;
  const settled = types.map((type): WriteOp => ({ op: 'settle-intent', id: intentId(type, row.id) }));
  if (isTerminal(head.phase)) return settled;
  return [...settled, { op: 'put-intent', intent: executionIntent('cancel-workflow', row.id, clock.now(), { kind: row.kind }) }];
}
