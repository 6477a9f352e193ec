import { type DescMessage, type DescMethod, type DescService, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';

/** A message, or the bytes of one that was encoded before. */
type Encodable = Message | Uint8Array;

/**
 * Service as grpc-js takes it, for servers and clients alike. Messages are protobuf-es messages on both sides. A Uint8Array in the
 * place of a message is sent as it is, so that a value which many readers get is encoded once.
 */
export function grpcServiceDefinition(service: DescService): ServiceDefinition {
  return Object.fromEntries(service.methods.map((method) => [method.name, grpcMethodDefinition(method)]));
}

/** Method as grpc-js takes it. The one place where serialisers are chosen. */
export function grpcMethodDefinition(method: DescMethod): MethodDefinition<Encodable, Encodable> {
  const { input, output, methodKind } = method;
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    originalName: method.localName,
    requestStream: methodKind === 'client_streaming' || methodKind === 'bidi_streaming',
    responseStream: methodKind === 'server_streaming' || methodKind === 'bidi_streaming',
    requestSerialize: (value) => encode(input, value),
    requestDeserialize: (bytes) => fromBinary(input, bytes),
    responseSerialize: (value) => encode(output, value),
    responseDeserialize: (bytes) => fromBinary(output, bytes),
  };
}

function encode(schema: DescMessage, value: Encodable): Buffer {
  const bytes = value instanceof Uint8Array ? value : toBinary(schema, value);
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
