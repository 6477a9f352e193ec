import { create, type DescMethod, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import { Metadata, status, type Client, type ClientDuplexStream, type ClientReadableStream, type ServiceError } from '@grpc/grpc-js';
import { grpcMethodDefinition } from '../../src/contract/services.js';

/** Calls a unary method with a real client. Rejects with grpc-js's ServiceError. */
export function unary<M extends DescMethod>(
  client: Client,
  method: M,
  request: MessageInitShape<M['input']>,
  metadata = new Metadata(),
  onHeaders?: (headers: Metadata) => void,
): Promise<MessageShape<M['output']>> {
  const { path, requestSerialize, responseDeserialize } = grpcMethodDefinition(method);
  return new Promise((resolve, reject) => {
    const call = client.makeUnaryRequest(path, requestSerialize, responseDeserialize, create(method.input, request), metadata, (error, value) => {
      if (error === null) resolve(value as MessageShape<M['output']>);
      else reject(error);
    });
    if (onHeaders !== undefined) call.on('metadata', onHeaders);
  });
}

export function serverStream<M extends DescMethod>(
  client: Client,
  method: M,
  request: MessageInitShape<M['input']>,
  metadata = new Metadata(),
): ClientReadableStream<MessageShape<M['output']>> {
  const { path, requestSerialize, responseDeserialize } = grpcMethodDefinition(method);
  return client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, create(method.input, request), metadata) as ClientReadableStream<
    MessageShape<M['output']>
  >;
}

export function bidi<M extends DescMethod>(
  client: Client,
  method: M,
  metadata = new Metadata(),
): ClientDuplexStream<MessageShape<M['input']>, MessageShape<M['output']>> {
  const { path, requestSerialize, responseDeserialize } = grpcMethodDefinition(method);
  return client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata) as unknown as ClientDuplexStream<
    MessageShape<M['input']>,
    MessageShape<M['output']>
  >;
}

/** The status code that a call ends with. */
export function codeOf(call: Promise<unknown>): Promise<number> {
  return call.then(
    () => status.OK,
    (error: ServiceError) => error.code,
  );
}

/** The error that a call ends with. */
export async function errorOf(call: Promise<unknown>): Promise<ServiceError> {
  try {
    await call;
  } catch (error) {
    return error as ServiceError;
  }
  throw new Error('the call succeeded');
}

/** Resolves once the condition holds; looks every five milliseconds, with a generous guard. */
export async function until(condition: () => boolean | Promise<boolean>, guardMs = 15_000): Promise<void> {
  const end = Date.now() + guardMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('the condition never held');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
