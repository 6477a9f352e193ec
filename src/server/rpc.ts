import type { DescMethod, DescService, MessageShape } from '@bufbuild/protobuf';

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
  /** Value of a request metadata key (lower case, not binary), or ''. */
  header(name: string): string;
  /** Sets response metadata (lower-case name, printable ASCII value). It leaves with the first message, so it is set before that. */
  setHeader(name: string, value: string): void;
}

export type UnaryHandler = (request: never, call: CallContext) => Promise<unknown>;

/** Writes one message, and resolves when the transport can take the next; rejects when the call is over. */
export type Send<O> = (message: O | Uint8Array) => Promise<void>;

export type ServerStreamHandler = (request: never, send: Send<never>, call: CallContext) => Promise<void>;

export type BidiHandler = (requests: AsyncIterable<never>, send: Send<never>, call: CallContext) => Promise<void>;

export type Handler = UnaryHandler | ServerStreamHandler | BidiHandler;

/** Handlers by method name as it stands in the proto (`getByReference`). A method without a handler answers UNIMPLEMENTED. */
export interface ServiceBinding {
  readonly service: DescService;
  readonly handlers: Readonly<Record<string, Handler>>;
  /** Methods whose handlers are given the request's bytes. */
  readonly encodedRequests?: ReadonlySet<string>;
}

/** The handler that a method of a generated service wants. Bytes in the place of a message are sent as they are. */
export type HandlerOf<M extends DescMethod> = M['methodKind'] extends 'unary'
  ? (request: MessageShape<M['input']>, call: CallContext) => Promise<MessageShape<M['output']> | Uint8Array>
  : M['methodKind'] extends 'server_streaming'
    ? (request: MessageShape<M['input']>, send: Send<MessageShape<M['output']>>, call: CallContext) => Promise<void>
    : (requests: AsyncIterable<MessageShape<M['input']>>, send: Send<MessageShape<M['output']>>, call: CallContext) => Promise<void>;

/** A handler of a unary method that takes and gives encoded messages. */
export interface EncodedHandler {
  readonly fromBytes: (request: Uint8Array, call: CallContext) => Promise<Uint8Array>;
}

/** Has a unary method's requests handed over as bytes. */
export function encodedRequest(fromBytes: EncodedHandler['fromBytes']): EncodedHandler {
  return { fromBytes };
}

/** Handlers of a generated service by local name (`getByReference`, `watchList`), each typed by its method. */
export type Handlers<S extends DescService> = { readonly [K in keyof S['method']]?: HandlerOf<S['method'][K]> | EncodedHandler };

/** Binds typed handlers to a generated service. */
export function bindService<S extends DescService>(service: S, handlers: Handlers<S>): ServiceBinding {
  const byLocalName = handlers as Readonly<Record<string, Handler | EncodedHandler | undefined>>;
  const bound: Record<string, Handler> = {};
  const encodedRequests = new Set<string>();
  for (const { name, localName } of service.methods) {
    const handler = byLocalName[localName];
    if (handler === undefined) continue;
    bound[name] = typeof handler === 'function' ? handler : (handler.fromBytes as UnaryHandler);
    if (typeof handler !== 'function') encodedRequests.add(name);
  }
  return { service, handlers: bound, encodedRequests };
}
