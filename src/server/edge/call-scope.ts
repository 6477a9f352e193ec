import type { EventEmitter } from 'node:events';
import { Metadata, type ServerUnaryCall, type ServerWritableStream, type ServerDuplexStream } from '@grpc/grpc-js';
import { cancelled, type StigmerError } from '../../contract/errors.js';
import type { CallContext, Caller } from '../rpc.js';

export type GrpcCall = ServerUnaryCall<unknown, unknown> | ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>;

/**
 * One call's life: who calls, and whether it is over. It puts one listener on the call, whatever the number of messages, since a
 * listener for each write would pile up on a long stream.
 */
export class CallScope implements CallContext {
  readonly caller: Caller;
  readonly peer: string;
  readonly #call: GrpcCall;
  readonly #onOver = new Set<(reason: StigmerError) => void>();
  #over: StigmerError | undefined;
  #finished = false;
  #aborter: AbortController | undefined;
  #responseHeaders: Metadata | undefined;

  constructor(call: GrpcCall, caller: Caller, peer: string) {
    this.#call = call;
    this.caller = caller;
    this.peer = peer;
    // grpc-js tells it of every finished call too, for which no error need be made.
    (call as EventEmitter).once('cancelled', () => this.#finished || this.end(cancelled('The client has left, or its deadline has passed.')));
    if (call.cancelled) this.end(cancelled('The client has left.'));
  }

  /** Made when it is first asked for: most unary calls never look. */
  get signal(): AbortSignal {
    if (this.#aborter === undefined) {
      this.#aborter = new AbortController();
      if (this.#over !== undefined) this.#aborter.abort(this.#over);
    }
    return this.#aborter.signal;
  }

  get idempotencyKey(): string {
    return this.header('idempotency-key');
  }

  header(name: string): string {
    const value = this.#call.metadata.get(name)[0];
    return typeof value === 'string' ? value : '';
  }

  setHeader(name: string, value: string): void {
    this.#responseHeaders ??= new Metadata();
    this.#responseHeaders.set(name, value);
  }

  /** Sends what was set by setHeader, once, ahead of the first message. */
  sendHeaders(): void {
    if (this.#responseHeaders === undefined) return;
    this.#call.sendMetadata(this.#responseHeaders);
    this.#responseHeaders = undefined;
  }

  /** Why no message can pass any more, or undefined while the call lives. */
  get over(): StigmerError | undefined {
    return this.#over;
  }

  /** Calls back when the call is over before its handler is done. */
  onOver(listener: (reason: StigmerError) => void): void {
    if (this.#over === undefined) this.#onOver.add(listener);
    else listener(this.#over);
  }

  /** Ends the call's life early: the client left, or the server stops. What comes after `finish` is the ordinary end and no news. */
  end(reason: StigmerError): void {
    if (this.#over !== undefined || this.#finished) return;
    this.#over = reason;
    this.#aborter?.abort(reason);
    for (const listener of this.#onOver) listener(reason);
    this.#onOver.clear();
  }

  /** The handler is done. grpc-js reports every finished call as cancelled afterwards. */
  finish(): void {
    this.#finished = true;
    this.#onOver.clear();
  }
}
