import { create, type DescMessage, type DescMethodServerStreaming, type DescMethodUnary, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import { Metadata, type sendUnaryData, Server, ServerCredentials, type ServerUnaryCall, type ServerWritableStream } from '@grpc/grpc-js';
import { toGrpcStatus } from '../../src/contract/grpc-status.js';
import { grpcMethodDefinition } from '../../src/contract/services.js';

/** One call, as its handler sees it. */
export interface PeerCall {
  readonly headers: ReadonlyMap<string, string>;
  /** Aborted when the client has left. */
  readonly left: AbortSignal;
  /** Sends metadata before the answer. */
  answerHeaders(headers: Readonly<Record<string, string>>): void;
}

/** A gRPC server that plays the part a test gives it. Methods without a handler answer UNIMPLEMENTED. Handlers may be replaced at any time. */
export interface GrpcPeer {
  /** `host:port` */
  readonly endpoint: string;
  /** What was called so far: `Service/Method`, in order. */
  readonly calls: string[];
  unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    handler: (request: MessageShape<I>, call: PeerCall) => Promise<MessageInitShape<O>> | MessageInitShape<O>,
  ): void;
  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    handler: (request: MessageShape<I>, call: PeerCall) => AsyncIterable<MessageInitShape<O>>,
  ): void;
  /** Cuts every connection and refuses new ones, until `up`. */
  down(): void;
  up(): Promise<void>;
}

type AnyHandler = (request: never, call: PeerCall) => unknown;
type ServedMethod = DescMethodUnary | DescMethodServerStreaming;

/** Starts it on a free port of the loopback. */
export async function startGrpcPeer(): Promise<GrpcPeer> {
  const handlers = new Map<string, { readonly method: ServedMethod; readonly handler: AnyHandler }>();
  const calls: string[] = [];

  const register = (server: Server, path: string): void => {
    const entry = handlers.get(path);
    if (entry === undefined) return;
    const { requestDeserialize, responseSerialize } = grpcMethodDefinition(entry.method);
    const output = entry.method.output;
    const run = (request: unknown, call: PeerCall): unknown => {
      calls.push(path.slice(path.lastIndexOf('.') + 1));
      return (handlers.get(path)?.handler ?? entry.handler)(request as never, call);
    };
    const unary = async (call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>): Promise<void> => {
      try {
        callback(null, create(output, (await run(call.request, peerCall(call))) as MessageInitShape<DescMessage>));
      } catch (error) {
        callback(toGrpcStatus(error));
      }
    };
    const stream = (call: ServerWritableStream<unknown, unknown>): void => {
      void (async () => {
        for await (const item of run(call.request, peerCall(call)) as AsyncIterable<MessageInitShape<DescMessage>>) call.write(create(output, item));
        call.end();
      })().catch((error: unknown) => call.emit('error', toGrpcStatus(error)));
    };
    if (entry.method.methodKind === 'unary') server.register(path, unary as never, responseSerialize as never, requestDeserialize, 'unary');
    else server.register(path, stream, responseSerialize as never, requestDeserialize, 'serverStream');
  };

  const listen = async (port: number): Promise<{ server: Server; port: number }> => {
    const server = new Server();
    for (const path of handlers.keys()) register(server, path);
    const bound = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, number) => (error ? reject(error) : resolve(number)));
    });
    return { server, port: bound };
  };

  let running = await listen(0);
  const define = (method: ServedMethod, handler: AnyHandler): void => {
    const { path } = grpcMethodDefinition(method);
    const known = handlers.has(path);
    handlers.set(path, { method, handler });
    if (!known) register(running.server, path);
  };
  return {
    endpoint: `127.0.0.1:${running.port}`,
    calls,
    unary: define,
    stream: define,
    down: () => running.server.forceShutdown(),
    up: async () => {
      running = await listen(running.port);
    },
  };
}

function peerCall(call: ServerUnaryCall<unknown, unknown> | ServerWritableStream<unknown, unknown>): PeerCall {
  const left = new AbortController();
  call.on('cancelled', () => left.abort());
  return {
    headers: new Map(Object.entries(call.metadata.getMap()).map(([name, value]) => [name, value.toString()])),
    left: left.signal,
    answerHeaders: (headers) => {
      const metadata = new Metadata();
      for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
      call.sendMetadata(metadata);
    },
  };
}
