import { Server, type ServerOptions, type ServiceDefinition } from '@grpc/grpc-js';
import { MESSAGE_LIMIT } from '../../contract/limits.js';
import type { ServiceBinding } from '../rpc.js';
import { serveMethod, type EdgeContext } from './serve-method.js';

/** How the transport is set, beside what grpc-js does by itself. */
export interface TransportOptions {
  /** A connection that was silent this long is pinged, and closed when no answer comes within `keepaliveTimeoutMs`. */
  readonly keepaliveTimeMs: number;
  readonly keepaliveTimeoutMs: number;
  /** Calls under way on one connection. */
  readonly maxConcurrentStreams: number;
  /** Bytes a peer may have under way on a connection before the server has read them; the default of 64 KiB throttles large messages. */
  readonly flowControlWindow: number;
}

export const DEFAULT_TRANSPORT: TransportOptions = {
  keepaliveTimeMs: 20_000,
  keepaliveTimeoutMs: 10_000,
  maxConcurrentStreams: 10_000,
  flowControlWindow: 1024 * 1024,
};

/** A grpc-js server with the services bound. `definitionOf` gives a service as it was loaded from proto/. */
export function createGrpcServer(
  bindings: readonly ServiceBinding[],
  definitionOf: (typeName: string) => ServiceDefinition,
  edge: EdgeContext,
  transport: TransportOptions,
): Server {
  const server = new Server(channelOptions(transport));
  for (const { service, handlers, encodedRequests } of bindings) {
    const implementation = service.methods.flatMap((method) => {
      const handler = handlers[method.name];
      return handler === undefined ? [] : [[method.name, serveMethod(method, handler, edge)] as const];
    });
    server.addService(withEncodedRequests(definitionOf(service.typeName), encodedRequests), Object.fromEntries(implementation));
  }
  return server;
}

function withEncodedRequests(definition: ServiceDefinition, methods: ReadonlySet<string> = new Set()): ServiceDefinition {
  const asTheyCome = (bytes: Buffer): Buffer => bytes;
  return Object.fromEntries(
    Object.entries(definition).map(([name, method]) => [name, methods.has(name) ? { ...method, requestDeserialize: asTheyCome } : method]),
  );
}

function channelOptions(transport: TransportOptions): ServerOptions {
  return {
    'grpc.max_receive_message_length': MESSAGE_LIMIT.max,
    'grpc.max_send_message_length': MESSAGE_LIMIT.max,
    'grpc.keepalive_time_ms': transport.keepaliveTimeMs,
    'grpc.keepalive_timeout_ms': transport.keepaliveTimeoutMs,
    'grpc.max_concurrent_streams': transport.maxConcurrentStreams,
    'grpc-node.flow_control_window': transport.flowControlWindow,
    'grpc.enable_channelz': 0,
  };
}
