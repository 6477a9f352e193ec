import { once } from 'node:events';
import http2 from 'node:http2';
import { createConnection } from 'node:net';
import { create } from '@bufbuild/protobuf';
import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { AgentQueryController } from '../src/contract/gen/ai/stigmer/agentic/agent/v1/query_pb.js';
import { AgentSchema } from '../src/contract/gen/ai/stigmer/agentic/agent/v1/api_pb.js';
import { AgentExecutionQueryController } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/query_pb.js';
import { AgentExecutionSchema } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { ExecutionStream, ReportRequestSchema, ReportResponseSchema, type ReportRequest } from '../src/contract/gen/stigmer/stream/v1/stream_pb.js';
import { SystemService, GetStatusResponseSchema } from '../src/contract/gen/stigmer/system/v1/system_pb.js';
import { invalidArgument } from '../src/contract/errors.js';
import { bindService } from '../src/server/rpc.js';
import { startEdge, type EdgeFixture } from './support/edge.js';
import { bidi, codeOf, errorOf, serverStream, unary, until } from './support/rpc.js';

let edge: EdgeFixture | undefined;
afterEach(async () => {
  await edge?.close();
  edge = undefined;
});

const systemStatus = bindService(SystemService, { getStatus: async () => create(GetStatusResponseSchema, { version: '1.2.3' }) });
const agents = bindService(AgentQueryController, {
  get: async (request, call) => create(AgentSchema, { kind: `${call.caller.kind}:${request.value}` }),
});

describe('who may come in', () => {
  it('lets the own user call the original’s services without a token and with a dummy key', async () => {
    edge = await startEdge([agents]);
    const dummy = new Metadata();
    dummy.set('authorization', 'Bearer dummy-local-key');
    for (const metadata of [new Metadata(), dummy]) {
      expect(await unary(edge.client(AgentQueryController), AgentQueryController.method.get, { value: 'a' }, metadata)).toMatchObject({ kind: 'user:a' });
    }
  });

  it('refuses another user’s process, with or without a dummy key, and takes it with a token', async () => {
    edge = await startEdge([agents], { peerOwner: { ownerOf: async () => 4_000_000 }, ownersKnown: true });
    const dummy = new Metadata();
    dummy.set('authorization', 'Bearer dummy-local-key');
    const client = edge.client(AgentQueryController);
    expect(await codeOf(unary(client, AgentQueryController.method.get, { value: 'a' }))).toBe(status.UNAUTHENTICATED);
    expect(await codeOf(unary(client, AgentQueryController.method.get, { value: 'a' }, dummy))).toBe(status.UNAUTHENTICATED);
    expect(await unary(client, AgentQueryController.method.get, { value: 'a' }, edge.as('user'))).toMatchObject({ kind: 'user:a' });
  });

  it('refuses a peer whose owner cannot be told where owners are known, and takes it where they are not', async () => {
    const unknown = { ownerOf: async () => undefined };
    edge = await startEdge([agents], { peerOwner: unknown, ownersKnown: true });
    expect(await codeOf(unary(edge.client(AgentQueryController), AgentQueryController.method.get, { value: 'a' }))).toBe(status.UNAUTHENTICATED);
    await edge.close();
    edge = await startEdge([agents], { peerOwner: unknown, ownersKnown: false });
    expect(await codeOf(unary(edge.client(AgentQueryController), AgentQueryController.method.get, { value: 'a' }))).toBe(status.OK);
  });

  it('wants a token for our own services, whoever calls', async () => {
    edge = await startEdge([systemStatus]);
    const client = edge.client(SystemService);
    const wrong = new Metadata();
    wrong.set('authorization', `Bearer ${'0'.repeat(64)}`);
    expect(await codeOf(unary(client, SystemService.method.getStatus, {}))).toBe(status.UNAUTHENTICATED);
    expect(await codeOf(unary(client, SystemService.method.getStatus, {}, wrong))).toBe(status.UNAUTHENTICATED);
    expect(await unary(client, SystemService.method.getStatus, {}, edge.as('user'))).toMatchObject({ version: '1.2.3' });
  });

  it('keeps a runner’s token to what a runner does', async () => {
    edge = await startEdge([systemStatus, agents]);
    expect(await unary(edge.client(AgentQueryController), AgentQueryController.method.get, { value: 'a' }, edge.as('agent-runner-1'))).toMatchObject({ kind: 'runner:a' });
    expect(await codeOf(unary(edge.client(SystemService), SystemService.method.getStatus, {}, edge.as('agent-runner-1')))).toBe(status.PERMISSION_DENIED);
    expect(await codeOf(unary(edge.client(AgentQueryController), AgentQueryController.method.get, { value: 'a' }, edge.as('worker')))).toBe(status.PERMISSION_DENIED);
  });

  it('takes nobody but runners at a gateway’s address', async () => {
    edge = await startEdge([agents], { runnersOnly: true });
    const client = edge.client(AgentQueryController);
    expect(await codeOf(unary(client, AgentQueryController.method.get, { value: 'a' }))).toBe(status.UNAUTHENTICATED);
    expect(await codeOf(unary(client, AgentQueryController.method.get, { value: 'a' }, edge.as('user')))).toBe(status.UNAUTHENTICATED);
    expect(await codeOf(unary(client, AgentQueryController.method.get, { value: 'a' }, edge.as('agent-runner-1')))).toBe(status.OK);
  });
});

describe('errors at the edge', () => {
  it('gives code, text and details of a known error, and hides the text of an unknown one', async () => {
    edge = await startEdge([
      bindService(AgentQueryController, {
        get: async () => Promise.reject(invalidArgument('value', 'must be an id')),
        getByReference: () => {
          throw new TypeError('the row says sk-secret');
        },
      }),
    ]);
    const client = edge.client(AgentQueryController);
    const known = await errorOf(unary(client, AgentQueryController.method.get, { value: 'a' }));
    expect(known).toMatchObject({ code: status.INVALID_ARGUMENT, details: 'value: must be an id' });
    expect(known.metadata.get('grpc-status-details-bin')).toHaveLength(1);
    const unknown = await errorOf(unary(client, AgentQueryController.method.getByReference, {}));
    expect(unknown.code).toBe(status.INTERNAL);
    expect(unknown.details).not.toContain('sk-secret');
    expect(edge.logLines.join('')).toContain('sk-secret');
    expect(await codeOf(unary(client, AgentQueryController.method.get, { value: 'a' }))).toBe(status.INVALID_ARGUMENT);
  });

  it('answers a text with half a character, which grpc-js cannot encode', async () => {
    edge = await startEdge([bindService(AgentQueryController, { get: async () => Promise.reject(invalidArgument('value', 'is \ud800')) })]);
    expect(await codeOf(unary(edge.client(AgentQueryController), AgentQueryController.method.get, { value: 'a' }))).toBe(status.INVALID_ARGUMENT);
  });

  it('answers UNIMPLEMENTED for a method without a handler', async () => {
    edge = await startEdge([agents]);
    expect(await codeOf(unary(edge.client(AgentQueryController), AgentQueryController.method.getByReference, {}))).toBe(status.UNIMPLEMENTED);
  });

  it('names both numbers when a message is over the limit', async () => {
    edge = await startEdge([agents]);
    const error = await errorOf(unary(edge.client(AgentQueryController), AgentQueryController.method.get, { value: 'x'.repeat(10 * 1024 * 1024 + 1) }));
    expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(error.details).toMatch(/10485\d+ vs\.? 10485760/);
  });
});

describe('streams', () => {
  const big = create(AgentExecutionSchema, { kind: 'x'.repeat(100_000) });

  it('tells the handler when the client leaves in the middle of a write, which grpc-js never calls back', async () => {
    let failure: unknown;
    let aborted = false;
    edge = await startEdge([
      bindService(AgentExecutionQueryController, {
        subscribe: async (_request, send, call) => {
          try {
            for (;;) await send(big);
          } catch (error) {
            failure = error;
            aborted = call.signal.aborted;
            throw error;
          }
        },
      }),
    ]);
    const stream = serverStream(edge.client(AgentExecutionQueryController), AgentExecutionQueryController.method.subscribe, { value: 'a' });
    stream.on('error', () => undefined);
    stream.pause();
    await until(() => edge!.openCalls.size === 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    stream.cancel();
    await until(() => failure !== undefined && edge!.openCalls.size === 0);
    expect(failure).toMatchObject({ codeName: 'CANCELLED' });
    expect(aborted).toBe(true);
    expect(edge.finished.at(-1)).toMatchObject({ code: status.CANCELLED });
  });

  it('holds one message for a reader that stops, and no listener per write', async () => {
    let sent = 0;
    let listeners = 0;
    edge = await startEdge([
      bindService(AgentExecutionQueryController, {
        subscribe: async (_request, send) => {
          for (;;) {
            await send(big);
            sent += 1;
          }
        },
      }),
    ]);
    const warnings: Error[] = [];
    const onWarning = (warning: Error): number => warnings.push(warning);
    process.on('warning', onWarning);
    const stream = serverStream(edge.client(AgentExecutionQueryController, { 'grpc-node.flow_control_window': 65_535 }), AgentExecutionQueryController.method.subscribe, { value: 'a' });
    stream.on('error', () => undefined);
    stream.once('data', () => stream.pause());
    await until(() => sent > 0);
    let last = -1;
    while (last !== sent) {
      last = sent;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    // The socket's buffers and the two HTTP/2 windows take some; the sixteen that `write` would take on top are not among them.
    expect(sent).toBeLessThan(60);
    listeners = warnings.filter(({ name }) => name === 'MaxListenersExceededWarning').length;
    expect(listeners).toBe(0);
    process.off('warning', onWarning);
    stream.cancel();
  });

  it('notices a peer that is gone without a word, by keepalive', async () => {
    let aborted = false;
    edge = await startEdge(
      [
        bindService(AgentExecutionQueryController, {
          subscribe: (_request, _send, call) => new Promise((_resolve, reject) => call.signal.addEventListener('abort', () => {
            aborted = true;
            reject(call.signal.reason as Error);
          })),
        }),
      ],
      { transport: { keepaliveTimeMs: 300, keepaliveTimeoutMs: 300 } },
    );
    const socket = createConnection(edge.port, '127.0.0.1');
    await once(socket, 'connect');
    const session = http2.connect(`http://127.0.0.1:${edge.port}`, { createConnection: () => socket });
    session.on('error', () => undefined);
    const request = session.request({ ':method': 'POST', ':path': '/ai.stigmer.agentic.agentexecution.v1.AgentExecutionQueryController/subscribe', 'content-type': 'application/grpc', te: 'trailers' });
    request.on('error', () => undefined);
    request.end(Buffer.from([0, 0, 0, 0, 3, 0x0a, 0x01, 0x61]));
    await until(() => edge!.openCalls.size === 1);
    // Reading nothing more from the socket is what a stopped process does: no ping is answered.
    socket.pause();
    (socket as unknown as { _handle: { readStop(): void } })._handle.readStop();
    await until(() => aborted);
    expect(aborted).toBe(true);
    socket.destroy();
  });

  it('ends streams with UNAVAILABLE when the server stops', async () => {
    edge = await startEdge([
      bindService(AgentExecutionQueryController, {
        subscribe: (_request, _send, call) => new Promise((_resolve, reject) => call.signal.addEventListener('abort', () => reject(call.signal.reason as Error))),
      }),
    ]);
    const stream = serverStream(edge.client(AgentExecutionQueryController), AgentExecutionQueryController.method.subscribe, { value: 'a' });
    const ended = once(stream, 'error') as Promise<[ServiceError]>;
    stream.resume();
    await until(() => edge!.openCalls.size === 1);
    edge.stop();
    expect((await ended)[0]).toMatchObject({ code: status.UNAVAILABLE });
  });

  it('passes bytes that were encoded before as they are', async () => {
    const bytes = Uint8Array.from([0x12, 0x02, 0x68, 0x69]);
    edge = await startEdge([bindService(AgentExecutionQueryController, { subscribe: async (_request, send) => send(bytes) })]);
    const stream = serverStream(edge.client(AgentExecutionQueryController), AgentExecutionQueryController.method.subscribe, { value: 'a' });
    expect((await once(stream, 'data'))[0]).toMatchObject({ kind: 'hi' });
  });
});

describe('bidirectional streams', () => {
  const report = (fixture: EdgeFixture) => bidi(fixture.client(ExecutionStream), ExecutionStream.method.report, fixture.as('agent-runner-1'));
  const ack = (sequence: number) => create(ReportResponseSchema, { frame: { case: 'ack', value: { sequence: BigInt(sequence) } } });

  it('hands over every message in order and ends with the client’s half-close', async () => {
    const seen: bigint[] = [];
    edge = await startEdge([
      bindService(ExecutionStream, {
        report: async (requests, send) => {
          for await (const request of requests) if (request.frame.case === 'events') seen.push(request.frame.value.firstSequence);
          await send(ack(seen.length));
        },
      }),
    ]);
    const stream = report(edge);
    for (let sequence = 1; sequence <= 500; sequence += 1) stream.write(eventsFrom(sequence));
    stream.end();
    expect((await once(stream, 'data'))[0]).toMatchObject({ frame: { value: { sequence: 500n } } });
    expect(seen).toEqual(Array.from({ length: 500 }, (_unused, at) => BigInt(at + 1)));
  });

  it('stops reading from a client while the handler is busy', async () => {
    let release = (): void => undefined;
    const busy = new Promise<void>((resolve) => {
      release = resolve;
    });
    edge = await startEdge([
      bindService(ExecutionStream, {
        report: async (requests) => {
          await busy;
          let count = 0;
          for await (const _request of requests) count += 1;
          expect(count).toBeGreaterThan(100);
        },
      }),
    ]);
    const stream = report(edge);
    stream.on('error', () => undefined).resume();
    const text = 'x'.repeat(50_000);
    let accepted = 0;
    for (let sequence = 1; sequence <= 200; sequence += 1) stream.write(eventsFrom(sequence, text), () => (accepted += 1));
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(accepted).toBeLessThan(200);
    release();
    stream.end();
    await once(stream, 'end');
    expect(accepted).toBe(200);
  });

  it('ends the handler’s loop when the client breaks off, and the server lives on', async () => {
    let over = false;
    edge = await startEdge([
      bindService(ExecutionStream, {
        report: async (requests) => {
          try {
            for await (const _request of requests) {
              // Waits for the next.
            }
          } finally {
            over = true;
          }
        },
      }),
      systemStatus,
    ]);
    const stream = report(edge);
    stream.on('error', () => undefined);
    stream.write(eventsFrom(1));
    await until(() => edge!.openCalls.size === 1);
    // Node closes its half of the stream before it resets it, so that a cancellation may arrive as a half-close.
    stream.cancel();
    await until(() => over && edge!.openCalls.size === 0);
    expect(await codeOf(unary(edge.client(SystemService), SystemService.method.getStatus, {}, edge.as('user')))).toBe(status.OK);
  });

  it('throws in the handler’s loop when the connection is lost', async () => {
    let failure: unknown;
    edge = await startEdge([
      bindService(ExecutionStream, {
        report: async (requests) => {
          try {
            for await (const _request of requests) {
              // Waits for the next.
            }
          } catch (error) {
            failure = error;
            throw error;
          }
        },
      }),
    ]);
    const socket = createConnection(edge.port, '127.0.0.1');
    const session = http2.connect(`http://127.0.0.1:${edge.port}`, { createConnection: () => socket });
    session.on('error', () => undefined);
    const request = session.request({
      ':method': 'POST',
      ':path': '/stigmer.stream.v1.ExecutionStream/Report',
      'content-type': 'application/grpc',
      te: 'trailers',
      authorization: `Bearer ${edge.token('agent-runner-1')}`,
    });
    request.on('error', () => undefined);
    request.write(Buffer.from([0, 0, 0, 0, 0]));
    await until(() => edge!.openCalls.size === 1);
    socket.destroy();
    await until(() => failure !== undefined);
    expect(failure).toMatchObject({ codeName: 'CANCELLED' });
  });

  it('answers an error in the middle of a stream', async () => {
    edge = await startEdge([
      bindService(ExecutionStream, {
        report: async (requests) => {
          for await (const _request of requests) throw invalidArgument('frame', 'must be open');
        },
      }),
    ]);
    const stream = report(edge);
    const ended = once(stream, 'error') as Promise<[ServiceError]>;
    stream.resume();
    for (let sequence = 1; sequence <= 50; sequence += 1) stream.write(eventsFrom(sequence));
    expect((await ended)[0]).toMatchObject({ code: status.INVALID_ARGUMENT });
  });
});

function eventsFrom(sequence: number, text = ''): ReportRequest {
  return create(ReportRequestSchema, {
    frame: { case: 'events', value: { firstSequence: BigInt(sequence), events: [{ change: { case: 'textAppended', value: { text } } }] } },
  });
}
