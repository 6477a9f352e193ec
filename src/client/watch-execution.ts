import { Observable } from 'rxjs';
import type { Clock } from '../contract/clock.js';
import { systemClock } from '../contract/clock.js';
import { Code, StigmerError } from '../contract/errors.js';
import { ExecutionStream, type Bookmark, type Deltas, type End, type ResumePoint, type Snapshot } from '../contract/gen/stigmer/stream/v1/stream_pb.js';
import type { Notice } from '../contract/gen/stigmer/stream/v1/notice_pb.js';
import { Backoff } from './backoff.js';
import type { RpcClient } from './rpc-client.js';
import { wait } from './wait.js';

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

/** Errors that another try can mend. */
const passing: readonly number[] = [Code.UNAVAILABLE, Code.RESOURCE_EXHAUSTED, Code.ABORTED, Code.DEADLINE_EXCEEDED, Code.INTERNAL, Code.UNKNOWN, Code.CANCELLED];

/**
 * Follows one execution to its end: every event once and in order, through any break of the connection. Ends after `end`. Throws
 * StigmerError when it cannot go on: no such execution, no right to it. Aborting the signal ends it without an error.
 */
export async function* watchExecution(client: RpcClient, executionId: string, options: WatchOptions = {}): AsyncGenerator<WatchEvent, void, undefined> {
  const { signal, clock = systemClock, silenceMs = 45_000 } = options;
  const backoff = new Backoff({ initialMs: 100, maxMs: 5_000, ...(options.random === undefined ? {} : { random: options.random }) });
  let resume = options.resume;
  let broken = false;
  while (signal?.aborted !== true) {
    const silence = new AbortController();
    let cancelSilence = clock.setTimer(silenceMs, () => silence.abort());
    try {
      const signals = signal === undefined ? [silence.signal] : [signal, silence.signal];
      const request = { executionId, ...(resume === undefined ? {} : { resume }) };
      for await (const { item } of client.serverStream(ExecutionStream.method.watch, request, { signal: AbortSignal.any(signals) })) {
        // Time that the reader takes over an event is not the server's silence.
        cancelSilence();
        backoff.reset();
        if (broken) {
          broken = false;
          yield { type: 'resumed' };
        }
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
        cancelSilence = clock.setTimer(silenceMs, () => silence.abort());
      }
      throw new StigmerError(Code.UNAVAILABLE, `the server at ${client.endpoint} ended the stream before the execution ended`);
    } catch (error) {
      if (isAborted(signal)) return;
      const reason = silence.signal.aborted
        ? new StigmerError(Code.UNAVAILABLE, `no word from the server at ${client.endpoint} for ${silenceMs / 1000} s`)
        : StigmerError.from(error);
      if (!passing.includes(reason.code)) throw reason;
      const retryInMs = backoff.next();
      if (!broken) yield { type: 'break', reason, retryInMs };
      broken = true;
      await wait(clock, retryInMs, signal);
    } finally {
      cancelSilence();
    }
  }
}

/** A function, because the compiler takes the loop's own check to hold for the whole body. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
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
