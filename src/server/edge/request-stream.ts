import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { CallScope } from './call-scope.js';

/** Messages that wait for the handler before the transport is asked to pause. */
const PAUSE_AT = 16;

/**
 * The messages of a bidirectional call. A handler that does not ask makes the transport pause, so a fast client meets HTTP/2's flow
 * control and not our memory. Ends with the client's half-close; throws when the call is over before that.
 */
export class RequestStream<I> implements AsyncIterable<I>, AsyncIterator<I, undefined> {
  readonly #call: ServerDuplexStream<unknown, unknown>;
  readonly #waiting: I[] = [];
  #ended = false;
  #failure: Error | undefined;
  #taker: { resolve(result: IteratorResult<I, undefined>): void; reject(reason: Error): void } | undefined;

  constructor(call: ServerDuplexStream<unknown, unknown>, scope: CallScope) {
    this.#call = call;
    call.on('data', (message: I) => this.#accept(message));
    // Node ends a stream before it reports it broken, so what looks like a half-close is one only if no cancellation follows at once.
    call.once('end', () => setImmediate(() => this.#end()));
    scope.onOver((reason) => {
      this.#failure = reason;
      this.#waiting.length = 0;
      this.#taker?.reject(reason);
      this.#taker = undefined;
    });
  }

  [Symbol.asyncIterator](): AsyncIterator<I, undefined> {
    return this;
  }

  next(): Promise<IteratorResult<I, undefined>> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const value = this.#waiting.shift();
    if (value !== undefined) {
      if (this.#waiting.length < PAUSE_AT && this.#call.isPaused()) this.#call.resume();
      return Promise.resolve({ done: false, value });
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#taker = { resolve, reject };
    });
  }

  /** The handler wants no more: what still comes is dropped, so that the client's writes are not held up until the call's end. */
  return(): Promise<IteratorResult<I, undefined>> {
    this.#ended = true;
    this.#waiting.length = 0;
    this.#call.removeAllListeners('data');
    this.#call.resume();
    return Promise.resolve({ done: true, value: undefined });
  }

  #end(): void {
    this.#ended = true;
    this.#taker?.resolve({ done: true, value: undefined });
    this.#taker = undefined;
  }

  #accept(message: I): void {
    if (this.#taker !== undefined) {
      this.#taker.resolve({ done: false, value: message });
      this.#taker = undefined;
      return;
    }
    this.#waiting.push(message);
    if (this.#waiting.length >= PAUSE_AT) this.#call.pause();
  }
}
