import type { DescService } from '@bufbuild/protobuf';

/** Who is on the other end of a call, as the edge established it. */
export interface Caller {
  /** user: the server's own user or a named token. runner: an agent-runner's token. worker: the workflow worker's token. */
  readonly kind: 'user' | 'runner' | 'worker';
  /** For the audit fields and the log of changes: the local user's name, or the token's. */
  readonly name: string;
}

/** What a handler gets beside its request. */
export interface CallContext {
  readonly caller: Caller;
  /** Aborted when the client leaves, its deadline passes, or the server stops. */
  readonly signal: AbortSignal;
  /** Value of the `idempotency-key` metadata, or ''. */
  readonly idempotencyKey: string;
  /** Peer's address, for messages. */
  readonly peer: string;
}

export type UnaryHandler = (request: never, call: CallContext) => Promise<unknown>;

/** Writes one message, and resolves when the transport can take the next; rejects when the call is over. */
export type Send<O> = (message: O | Uint8Array) => Promise<void>;

export type ServerStreamHandler = (request: never, send: Send<never>, call: CallContext) => Promise<void>;

export type BidiHandler = (requests: AsyncIterable<never>, send: Send<never>, call: CallContext) => Promise<void>;

/** Handlers by method name as it stands in the proto (`getByReference`). A method without a handler answers UNIMPLEMENTED. */
export interface ServiceBinding {
  readonly service: DescService;
  readonly handlers: Readonly<Record<string, UnaryHandler | ServerStreamHandler | BidiHandler>>;
}
