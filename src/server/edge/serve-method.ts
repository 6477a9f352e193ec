import type { handleBidiStreamingCall, handleServerStreamingCall, handleUnaryCall, UntypedHandleCall } from '@grpc/grpc-js';
import type { DescMethod } from '@bufbuild/protobuf';
import type { Logger } from 'pino';
import { Code } from '../../contract/errors.js';
import type { GrpcStatus } from '../../contract/grpc-status.js';
import type { BidiHandler, Caller, Handler, ServerStreamHandler, UnaryHandler } from '../rpc.js';
import { answerError } from './answer-error.js';
import type { Authenticate } from './authenticate.js';
import { CallScope, type GrpcCall } from './call-scope.js';
import type { Connections } from './connections.js';
import type { OpenCalls } from './open-calls.js';
import { assertPermitted } from './permissions.js';
import { isStuck, resetStream } from './reset-stream.js';
import { RequestStream } from './request-stream.js';
import { sender } from './send.js';

/** Hears of calls, for metrics. */
export interface CallObserver {
  started(method: string): void;
  /** `code` is the gRPC status that the call ended with; a call that its client left is CANCELLED. */
  finished(method: string, code: number, milliseconds: number): void;
}

export interface EdgeContext {
  readonly authenticate: Authenticate;
  readonly connections: Connections;
  readonly openCalls: OpenCalls;
  readonly observer: CallObserver;
  readonly log: Logger;
}

/** Makes a handler of ours into one that grpc-js takes. */
export function serveMethod(method: DescMethod, handler: Handler, edge: EdgeContext): UntypedHandleCall {
  if (method.methodKind === 'unary') return serveUnary(method, handler as UnaryHandler, edge);
  if (method.methodKind === 'server_streaming') return serveServerStream(method, handler as ServerStreamHandler, edge);
  if (method.methodKind === 'bidi_streaming') return serveBidi(method, handler as BidiHandler, edge);
  throw new TypeError(`${method.toString()}: methods that stream from the client only are not served`);
}

function serveUnary(method: DescMethod, handler: UnaryHandler, edge: EdgeContext): handleUnaryCall<unknown, unknown> {
  return (call, callback) => {
    void conduct(method, call, edge, {
      handle: (scope) => handler(call.request as never, scope),
      succeed(value, scope) {
        scope.sendHeaders();
        callback(null, value);
      },
      fail: callback,
    });
  };
}

function serveServerStream(method: DescMethod, handler: ServerStreamHandler, edge: EdgeContext): handleServerStreamingCall<unknown, unknown> {
  return (call) => {
    void conduct(method, call, edge, {
      handle: (scope) => handler(call.request as never, sender(call, scope), scope),
      succeed: () => call.end(),
      fail: (failure) => (isStuck(call, failure) ? resetStream(call) : call.emit('error', failure)),
    });
  };
}

function serveBidi(method: DescMethod, handler: BidiHandler, edge: EdgeContext): handleBidiStreamingCall<unknown, unknown> {
  return (call) => {
    void conduct(method, call, edge, {
      handle: (scope) => handler(new RequestStream<never>(call, scope), sender(call, scope), scope),
      // A destroyed stream has told its client all it can; ending it again would be an error of ours.
      succeed: () => call.destroyed || call.end(),
      fail: (failure) => call.destroyed || call.emit('error', failure),
    });
  };
}

/** What is particular to a kind of call. */
interface Conduct {
  handle(scope: CallScope): Promise<unknown>;
  succeed(value: unknown, scope: CallScope): void;
  fail(failure: GrpcStatus): void;
}

/** What all calls have in common: who calls and whether they may, the call's scope, the log and the metrics. Never rejects. */
async function conduct(method: DescMethod, call: GrpcCall, edge: EdgeContext, kind: Conduct): Promise<void> {
  const service = method.parent.typeName;
  const name = `${service}/${method.name}`;
  const startedAt = performance.now();
  edge.observer.started(name);
  let scope: CallScope | undefined;
  try {
    const peer = call.getPeer();
    const caller = admit(service, method.name, call, peer, edge);
    scope = new CallScope(call, caller, peer);
    edge.openCalls.add(scope, method.methodKind !== 'unary');
    const value = await kind.handle(scope);
    edge.observer.finished(name, scope.over?.code ?? Code.OK, performance.now() - startedAt);
    kind.succeed(value, scope);
  } catch (error) {
    const failure = answerError(scope?.over ?? error, name, edge.log);
    edge.observer.finished(name, failure.code, performance.now() - startedAt);
    kind.fail(failure);
  } finally {
    if (scope !== undefined) {
      scope.finish();
      edge.openCalls.delete(scope);
    }
  }
}

function admit(service: string, method: string, call: GrpcCall, peer: string, edge: EdgeContext): Caller {
  const authorization = call.metadata.get('authorization')[0];
  const caller = edge.authenticate(service, typeof authorization === 'string' ? authorization : '', edge.connections.of(peer));
  assertPermitted(caller, service, method);
  return caller;
}
