import type { Observable } from 'rxjs';
import type { ExecutionView } from '../../broker/execution-views.js';
import { invalidArgument } from '../../contract/errors.js';
import type { WatchRequest } from '../../contract/gen/stigmer/stream/v1/stream_pb.js';
import type { WatchItem } from '../../broker/types.js';
import type { CallContext, Send } from '../rpc.js';
import type { ExecutionsContext } from './context.js';
import { deliver } from './deliver.js';
import type { WatchedExecutions } from './watched-executions.js';

export interface WatchContext extends Pick<ExecutionsContext, 'broker' | 'store'> {
  readonly watched: WatchedExecutions;
  /** Encodes what a Watch sends. One for all watchers. */
  readonly watchView: ExecutionView;
}

/** Where a watcher wants to go on. */
export interface ResumeFrom {
  readonly logId: string;
  readonly revision: number;
}

/** Streams one execution with deltas, from a resume point if there is one. */
export async function watch(context: WatchContext, request: WatchRequest, send: Send<never>, call: CallContext): Promise<void> {
  const { executionId, resume } = request;
  if (executionId === '') throw invalidArgument('execution_id', 'must not be empty');
  const from = resume === undefined ? undefined : { logId: resume.logId, revision: Number(resume.revision) };
  await context.watched.during(executionId, () => deliver((demand) => openWatch(context, executionId, from, demand), (item) => send(item.bytes), call.signal));
}

/** The broker's watch for a resume point. One of another log means nothing here: the watcher gets a snapshot and is told why. */
export function openWatch(
  { broker, store, watchView }: WatchContext,
  executionId: string,
  from: ResumeFrom | undefined,
  demand: Observable<unknown>,
): Observable<WatchItem> {
  if (from === undefined) return broker.watch(executionId, { view: watchView, demand });
  if (from.logId === store.logId) return broker.watch(executionId, { view: watchView, demand, from: from.revision });
  return broker.watch(executionId, { view: watchView, demand, resyncReason: "the server's log is another one now: it was restored, imported or repaired" });
}
