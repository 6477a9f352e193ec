import type { Clock } from '../contract/clock.js';
import { Code, StigmerError } from '../contract/errors.js';
import { Backoff } from './backoff.js';
import { wait } from './wait.js';

/** What came through, and what happened to the connection meanwhile. */
export type Reconnected<T> =
  | { readonly type: 'item'; readonly item: T }
  /** The connection went; said once, however many tries follow. */
  | { readonly type: 'break'; readonly reason: StigmerError; readonly retryInMs: number }
  /** It is there again; the next item follows. */
  | { readonly type: 'resumed' };

export interface ReconnectOptions {
  /** Of the server, for the texts of errors. */
  readonly endpoint: string;
  readonly clock: Clock;
  /** Ends everything without an error when it aborts. */
  readonly signal?: AbortSignal;
  /** Milliseconds without an item after which the connection counts as dead. Default: never. */
  readonly silenceMs?: number;
  readonly random?: () => number;
}

/** Errors that another try can mend. */
const passing: readonly number[] = [Code.UNAVAILABLE, Code.RESOURCE_EXHAUSTED, Code.ABORTED, Code.DEADLINE_EXCEEDED, Code.INTERNAL, Code.UNKNOWN, Code.CANCELLED];

/**
 * A stream that is opened again, with backoff, whenever it breaks; it never ends by itself. `connect` knows where to go on. Throws
 * StigmerError when another try cannot help: no such thing, no right to it.
 */
export async function* reconnecting<T>(connect: (signal: AbortSignal) => AsyncIterable<T>, options: ReconnectOptions): AsyncGenerator<Reconnected<T>, void, undefined> {
  const { endpoint, clock, signal, silenceMs = Number.POSITIVE_INFINITY } = options;
  const backoff = new Backoff({ initialMs: 100, maxMs: 5_000, ...(options.random === undefined ? {} : { random: options.random }) });
  let broken = false;
  while (!isAborted(signal)) {
    const silence = new AbortController();
    const listen = (): (() => void) => (silenceMs === Number.POSITIVE_INFINITY ? () => undefined : clock.setTimer(silenceMs, () => silence.abort()));
    let cancelSilence = listen();
    try {
      for await (const item of connect(signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]))) {
        // Time that the reader takes over an item is not the server's silence.
        cancelSilence();
        backoff.reset();
        if (broken) {
          broken = false;
          yield { type: 'resumed' };
        }
        yield { type: 'item', item };
        cancelSilence = listen();
      }
      throw new StigmerError(Code.UNAVAILABLE, `the server at ${endpoint} ended the stream before the execution ended`);
    } catch (error) {
      if (isAborted(signal)) return;
      const reason = silence.signal.aborted
        ? new StigmerError(Code.UNAVAILABLE, `no word from the server at ${endpoint} for ${silenceMs / 1000} s`)
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
