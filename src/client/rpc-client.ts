import type { DescMessage, DescMethodBiDiStreaming, DescMethodServerStreaming, DescMethodUnary, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import { type CallOptions as GrpcCallOptions, Client, type ClientDuplexStream, type ClientReadableStream, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { Code, StigmerError, unavailable } from '../contract/errors.js';
import { fromGrpcStatus } from '../contract/grpc-status.js';
import { grpcMethodDefinition } from '../contract/services.js';
import { UNREACHABLE } from './unreachable.js';

/** Where a server is, and who asks. */
export interface RpcClientOptions {
  /** `host:port`, without a scheme. */
  readonly endpoint: string;
  /** Sent as `authorization: Bearer …`. A function is asked for each call, so that a renewed token is taken up. */
  readonly token?: string | (() => string);
  /** Encrypted connection with the system's roots, or with this root certificate (PEM). Default: clear text. */
  readonly tls?: boolean | Uint8Array;
  /** Named in the server's logs. Default `stigmer`. */
  readonly userAgent?: string;
}

/** How one call is made. */
export interface CallOptions {
  /** Milliseconds until DEADLINE_EXCEEDED. Unary calls default to 30 s, streams to none. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Request metadata. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Called with the response's metadata, once it is there. */
  readonly onHeaders?: (headers: ReadonlyMap<string, string>) => void;
}

/** Both directions of a bidirectional call. */
export interface Duplex<I, O> {
  /** Resolves when the transport has taken the message. */
  send(message: I): Promise<void>;
  /** What the server sends; ends when it is done, throws StigmerError when the call fails. */
  readonly responses: AsyncIterable<O>;
  /** No more requests. */
  end(): void;
  cancel(): void;
}

const defaultUnaryTimeoutMs = 30_000;

/** Largest message either way, as the server has it. */
const messageBytes = 10 * 1024 * 1024;

const channelOptions = {
  'grpc.max_receive_message_length': messageBytes,
  'grpc.max_send_message_length': messageBytes,
  // A peer that died without a word is noticed within half a minute, also while nothing is said.
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.keepalive_permit_without_calls': 1,
  // The default of 64 KiB halts a stream of large snapshots at every window.
  'grpc-node.flow_control_window': 1024 * 1024,
  // A server that restarts is found again within seconds, not minutes.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
};

/** One channel to one server. Methods are those of the generated services: `client.unary(AgentQueryController.method.get, {…})`. */
export class RpcClient {
  readonly endpoint: string;
  readonly #client: Client;
  readonly #token: () => string | undefined;

  constructor(options: RpcClientOptions) {
    this.endpoint = options.endpoint;
    const { token, tls } = options;
    this.#token = typeof token === 'function' ? token : () => token;
    const channelCredentials = tls === undefined || tls === false ? credentials.createInsecure() : credentials.createSsl(tls === true ? null : Buffer.from(tls));
    this.#client = new Client(options.endpoint, channelCredentials, { ...channelOptions, 'grpc.primary_user_agent': options.userAgent ?? 'stigmer' });
  }

  /** Calls a unary method. Throws StigmerError; UNAVAILABLE names the endpoint. */
  async unary<I extends DescMessage, O extends DescMessage>(method: DescMethodUnary<I, O>, request: MessageInitShape<I>, options: CallOptions = {}): Promise<MessageShape<O>> {
    const definition = grpcMethodDefinition(method);
    const message = create(method.input, request);
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        definition.path,
        definition.requestSerialize,
        definition.responseDeserialize,
        message,
        this.#metadata(options),
        grpcOptions(options, defaultUnaryTimeoutMs),
        (error, response) => {
          release();
          if (error !== null) reject(this.#explain(error));
          else resolve(response as MessageShape<O>);
        },
      );
      const release = cancelOnAbort(options.signal, () => call.cancel());
      listenForHeaders(call, options);
    });
  }

  /** Calls a server-streaming method. Leaving the loop cancels the call. */
  async *serverStream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageInitShape<I>,
    options: CallOptions = {},
  ): AsyncGenerator<MessageShape<O>, void, undefined> {
    const definition = grpcMethodDefinition(method);
    const call = this.#client.makeServerStreamRequest(
      definition.path,
      definition.requestSerialize,
      definition.responseDeserialize,
      create(method.input, request),
      this.#metadata(options),
      grpcOptions(options),
    );
    listenForHeaders(call, options);
    yield* this.#responses<MessageShape<O>>(call, options);
  }

  /** Opens a bidirectional call. */
  duplex<I extends DescMessage, O extends DescMessage>(method: DescMethodBiDiStreaming<I, O>, options: CallOptions = {}): Duplex<MessageInitShape<I>, MessageShape<O>> {
    const definition = grpcMethodDefinition(method);
    const call: ClientDuplexStream<unknown, unknown> = this.#client.makeBidiStreamRequest(
      definition.path,
      (value) => definition.requestSerialize(value as never),
      definition.responseDeserialize,
      this.#metadata(options),
      grpcOptions(options),
    );
    listenForHeaders(call, options);
    // An error may come before anyone reads; without a listener it would end the process.
    call.on('error', () => undefined);
    return {
      responses: this.#responses<MessageShape<O>>(call, options),
      send: (message) =>
        new Promise((resolve, reject) => {
          // A call that is over takes a write without a word and never calls back.
          if (call.destroyed || call.writableEnded) reject(this.#explain(new Error('the call is over')));
          else call.write(create(method.input, message), (error: Error | null | undefined) => (error ? reject(this.#explain(error)) : resolve()));
        }),
      end: () => call.end(),
      cancel: () => call.cancel(),
    };
  }

  close(): void {
    this.#client.close();
  }

  async *#responses<O>(call: ClientReadableStream<unknown> | ClientDuplexStream<unknown, unknown>, options: CallOptions): AsyncGenerator<O, void, undefined> {
    const release = cancelOnAbort(options.signal, () => call.cancel());
    // The loop sees the error too; without this listener one that comes after the loop was left would end the process.
    call.on('error', () => undefined);
    try {
      for await (const message of call) yield message as O;
    } catch (error) {
      throw this.#explain(error);
    } finally {
      release();
      call.cancel();
    }
  }

  #metadata(options: CallOptions): Metadata {
    const metadata = new Metadata();
    const token = this.#token();
    if (token !== undefined && token !== '') metadata.set('authorization', `Bearer ${token}`);
    for (const [name, value] of Object.entries(options.headers ?? {})) metadata.set(name, value);
    return metadata;
  }

  /** grpc-js says "No connection established" and the like; a person wants to know to what. */
  #explain(error: unknown): StigmerError {
    const known = isServiceError(error) ? fromGrpcStatus(error) : StigmerError.from(error);
    if (known.code !== Code.UNAVAILABLE || known.details.length > 0) return known;
    const metadata = { endpoint: this.endpoint };
    return unavailable(`no answer from the server at ${this.endpoint}: ${known.message}`, { reason: UNREACHABLE, metadata, cause: error });
  }
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'metadata' in error && 'details' in error && 'code' in error;
}

function grpcOptions(options: CallOptions, defaultTimeoutMs?: number): GrpcCallOptions {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  return timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
}

function cancelOnAbort(signal: AbortSignal | undefined, cancel: () => void): () => void {
  if (signal === undefined) return () => undefined;
  if (signal.aborted) cancel();
  else signal.addEventListener('abort', cancel, { once: true });
  return () => signal.removeEventListener('abort', cancel);
}

function listenForHeaders(call: { on(event: 'metadata', listener: (metadata: Metadata) => void): unknown }, options: CallOptions): void {
  const { onHeaders } = options;
  if (onHeaders === undefined) return;
  call.on('metadata', (metadata) => onHeaders(new Map(Object.entries(metadata.getMap()).map(([name, value]) => [name, value.toString()]))));
}
