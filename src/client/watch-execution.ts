import { Observable } from 'rxjs';
import type { Clock } from '../contract/clock.js';
import { systemClock } from '../contract/clock.js';
import type { StigmerError } from '../contract/errors.js';
import { ExecutionStream, type Bookmark, type Deltas, type End, type ResumePoint, type Snapshot } from '../contract/gen/stigmer/stream/v1/stream_pb.js';
import type { Notice } from '../contract/gen/stigmer/stream/v1/notice_pb.js';
import { reconnecting } from './reconnect.js';
import type { RpcClient } from './rpc-client.js';

/** What a watcher hears, in order. `break` and `resumed` are the client's own: the connection went, and is there again. */
export type WatchEvent =
  | { readonly type: 'snapshot'; readonly snapshot: Snapshot }
  | { readonly type: 'deltas'; readonly deltas: Deltas }
  | { readonly type: 'notice'; readonly notice: Notice }
  | { readonly type: 'bookmark'; readonly bookmark: Bookmark }
  | { readonly type: 'break'; readonly reason: StigmerError; readonly retryInMs: number }
  | { readonly type: 'resumed' }
  | { readonly type: 'end'; readonly end: End };

export interface WatchOptions {
  /** Where an earlier watch stopped. */
  readonly resume?: ResumePoint;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  /** Milliseconds without a word, bookmarks included, after which the connection counts as dead. Default 45 s: three bookmarks. */
  readonly silenceMs?: number;
  readonly random?: () => number;
}

/**
 * Follows one execution to its end: every event once and in order, through any break of the connection. Ends after `end`. Throws
 * StigmerError when it cannot go on: no such execution, no right to it. Aborting the signal ends it without an error.
 */
export async function* watchExecution(client: RpcClient, executionId: string, options: WatchOptions = {}): AsyncGenerator<WatchEvent, void, undefined> {
  let { resume } = options;
  const connect = (signal: AbortSignal) =>
    client.serverStream(ExecutionStream.method.watch, { executionId, ...(resume === undefined ? {} : { resume }) }, { signal });
  for await (const came of reconnecting(connect, { clock: systemClock, silenceMs: 45_000, ...options, endpoint: client.endpoint })) {
    if (came.type !== 'item') {
      yield came;
      continue;
    }
    const { item } = came.item;
    switch (item.case) {
      case 'snapshot':
        resume = item.value.at;
        yield { type: 'snapshot', snapshot: item.value };
        break;
      case 'deltas':
        if (resume !== undefined) resume = { ...resume, revision: item.value.lastRevision };
        yield { type: 'deltas', deltas: item.value };
        break;
      case 'bookmark':
        resume = item.value.at ?? resume;
        yield { type: 'bookmark', bookmark: item.value };
        break;
      case 'notice':
        yield { type: 'notice', notice: item.value };
        break;
      case 'end':
        yield { type: 'end', end: item.value };
        return;
    }
  }
}

/** The same as an Observable; unsubscribing ends the watch. */
export function watchExecution$(client: RpcClient, executionId: string, options: WatchOptions = {}): Observable<WatchEvent> {
  return new Observable((subscriber) => {
    const left = new AbortController();
    const signal = options.signal === undefined ? left.signal : AbortSignal.any([options.signal, left.signal]);
    void (async () => {
      for await (const event of watchExecution(client, executionId, { ...options, signal })) subscriber.next(event);
      subscriber.complete();
    })().catch((error: unknown) => subscriber.error(error));
    return () => left.abort();
  });
}
