import { subscribeView } from '../../broker/execution-views.js';
import { invalidArgument, notFound } from '../../contract/errors.js';
import type { CallContext, Send } from '../rpc.js';
import type { ExecutionsContext } from './context.js';
import { deliver } from './deliver.js';
import type { ExecutionKind } from './execution-kind.js';
import type { WatchedExecutions } from './watched-executions.js';

export interface SubscribeContext extends Pick<ExecutionsContext, 'broker' | 'store'> {
  readonly watched: WatchedExecutions;
}

/** The original's stream: the whole execution, then the newest state after changes, and the end. */
export async function subscribe(context: SubscribeContext, kind: ExecutionKind, executionId: string, send: Send<never>, call: CallContext): Promise<void> {
  const { broker, store, watched } = context;
  if (executionId === '') throw invalidArgument('value', 'execution id is required');
  const stored = await store.executions.get(executionId);
  if (stored === undefined || stored.row.kind !== kind.stored) throw notFound(kind.kind.name, executionId);
  await watched.during(executionId, () => deliver((demand) => broker.watch(executionId, { view: subscribeView, demand }), (item) => send(item.bytes), call.signal));
}
