import { constants, type ServerHttp2Stream } from 'node:http2';
import { type ServerWritableStream, status } from '@grpc/grpc-js';
import { Code } from '../../contract/errors.js';
import type { GrpcStatus } from '../../contract/grpc-status.js';

/**
 * Whether a status cannot reach its client: the stream ends because the client takes nothing (RESOURCE_EXHAUSTED), and what it has not
 * taken stands before the status.
 */
export function isStuck(call: ServerWritableStream<unknown, unknown>, failure: GrpcStatus): boolean {
  return failure.code === Code.RESOURCE_EXHAUSTED && call.writableLength > 0;
}

/**
 * Resets a call's HTTP/2 stream with ENHANCE_YOUR_CALM, which overtakes what is waiting in it; a gRPC client sees RESOURCE_EXHAUSTED.
 * grpc-js has no public way to it: its server call holds the stream, behind as many interceptors as there are. Where it is not found the
 * call is left to grpc-js, as any other that has failed.
 */
export function resetStream(call: ServerWritableStream<unknown, unknown>): void {
  const stream = http2StreamOf(call);
  if (stream === undefined) call.emit('error', { code: status.RESOURCE_EXHAUSTED, details: 'the reader takes nothing' });
  else stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
}

interface Layer {
  readonly call?: Layer;
  readonly nextCall?: Layer;
  readonly stream?: ServerHttp2Stream;
}

function http2StreamOf(call: unknown): ServerHttp2Stream | undefined {
  let layer = (call as Layer).call;
  while (layer !== undefined && layer.stream === undefined) layer = layer.nextCall;
  return layer?.stream;
}
