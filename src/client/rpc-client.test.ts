import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GrpcPeer, startGrpcPeer } from '../../test/support/grpc-peer.js';
import { CallMetadata } from '../contract/call-metadata.js';
import { Code, notFound, StigmerError, unavailable } from '../contract/errors.js';
import { AgentQueryController } from '../contract/gen/ai/stigmer/agentic/agent/v1/query_pb.js';
import { AgentExecutionQueryController } from '../contract/gen/ai/stigmer/agentic/agentexecution/v1/query_pb.js';
import { RpcClient } from './rpc-client.js';
import { UNREACHABLE } from './unreachable.js';

let peer: GrpcPeer;
let client: RpcClient;

beforeEach(async () => {
  peer = await startGrpcPeer();
  client = new RpcClient({ endpoint: peer.endpoint, token: 'secret-token' });
});
afterEach(() => {
  client.close();
  peer.down();
});

const { get } = AgentQueryController.method;
const { subscribe } = AgentExecutionQueryController.method;

async function failure(call: Promise<unknown>): Promise<StigmerError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof StigmerError)) throw new Error(`not a StigmerError: ${String(error)}`);
  return error;
}

describe('a unary call', () => {
  it('sends the token and the given headers, and hands over the answer and its headers', async () => {
    let heard: ReadonlyMap<string, string> = new Map();
    peer.unary(get, ({ value }, call) => {
      heard = call.headers;
      call.answerHeaders({ [CallMetadata.OUTCOME]: 'created' });
      return { metadata: { id: value } };
    });
    let headers: ReadonlyMap<string, string> = new Map();
    const agent = await client.unary(get, { value: 'agt-1' }, { headers: { [CallMetadata.IDEMPOTENCY_KEY]: 'k' }, onHeaders: (answer) => (headers = answer) });
    expect(agent.metadata?.id).toBe('agt-1');
    expect(heard.get('authorization')).toBe('Bearer secret-token');
    expect(heard.get(CallMetadata.IDEMPOTENCY_KEY)).toBe('k');
    expect(headers.get(CallMetadata.OUTCOME)).toBe('created');
  });

  it('asks for the token anew for each call, and sends none when there is none', async () => {
    const tokens = ['one', ''];
    const heard: (string | undefined)[] = [];
    peer.unary(get, (_request, call) => {
      heard.push(call.headers.get('authorization'));
      return {};
    });
    const renewing = new RpcClient({ endpoint: peer.endpoint, token: () => tokens.shift() ?? '' });
    await renewing.unary(get, { value: 'a' });
    await renewing.unary(get, { value: 'a' });
    renewing.close();
    expect(heard).toEqual(['Bearer one', undefined]);
  });

  it('throws the server\'s error with its code, text and details', async () => {
    peer.unary(get, () => {
      throw notFound('Agent', 'agt-9');
    });
    const error = await failure(client.unary(get, { value: 'agt-9' }));
    expect(error).toMatchObject({ code: Code.NOT_FOUND, message: 'Agent not found: agt-9', reason: 'NOT_FOUND' });
  });

  it('tells a server that cannot be reached, naming the address, from one that says UNAVAILABLE itself', async () => {
    peer.unary(get, () => {
      throw unavailable('Temporal at 127.0.0.1:7233 does not answer', { reason: 'TEMPORAL_DOWN' });
    });
    expect(await failure(client.unary(get, { value: 'a' }))).toMatchObject({ reason: 'TEMPORAL_DOWN', message: 'Temporal at 127.0.0.1:7233 does not answer' });
    peer.down();
    const error = await failure(client.unary(get, { value: 'a' }));
    expect(error).toMatchObject({ code: Code.UNAVAILABLE, reason: UNREACHABLE });
    expect(error.message).toContain(peer.endpoint);
  });

  it('ends with DEADLINE_EXCEEDED that names the address when the server does not answer in time', async () => {
    peer.unary(get, () => new Promise<never>(() => undefined));
    const error = await failure(client.unary(get, { value: 'a' }, { timeoutMs: 100 }));
    expect(error.code).toBe(Code.DEADLINE_EXCEEDED);
    expect(error.message).toContain(peer.endpoint);
  });

  it('is cancelled at the server when its signal aborts, also one that was aborted before', async () => {
    const abort = new AbortController();
    const left = new Promise<void>((resolve) => {
      peer.unary(get, (_request, call) => {
        call.left.addEventListener('abort', () => resolve());
        abort.abort();
        return new Promise<never>(() => undefined);
      });
    });
    expect((await failure(client.unary(get, { value: 'a' }, { signal: abort.signal }))).code).toBe(Code.CANCELLED);
    await left;
    expect((await failure(client.unary(get, { value: 'a' }, { signal: abort.signal }))).code).toBe(Code.CANCELLED);
  });
});

describe('a server stream', () => {
  it('gives the messages in order and ends with the stream', async () => {
    peer.stream(subscribe, async function* () {
      for (const id of ['1', '2', '3']) yield { metadata: { id } };
    });
    const ids: (string | undefined)[] = [];
    for await (const { metadata } of client.serverStream(subscribe, { value: 'x' })) ids.push(metadata?.id);
    expect(ids).toEqual(['1', '2', '3']);
  });

  it('throws the error that ends it after the messages before', async () => {
    peer.stream(subscribe, async function* () {
      yield { metadata: { id: '1' } };
      throw notFound('AgentExecution', 'x');
    });
    const ids: (string | undefined)[] = [];
    const error = await failure(
      (async () => {
        for await (const { metadata } of client.serverStream(subscribe, { value: 'x' })) ids.push(metadata?.id);
      })(),
    );
    expect(ids).toEqual(['1']);
    expect(error).toMatchObject({ code: Code.NOT_FOUND, reason: 'NOT_FOUND' });
  });

  it('is cancelled at the server when the reader leaves the loop', async () => {
    const left = new Promise<void>((resolve) => {
      peer.stream(subscribe, async function* (_request, call) {
        call.left.addEventListener('abort', () => resolve());
        yield { metadata: { id: '1' } };
        await new Promise<void>((end) => call.left.addEventListener('abort', () => end()));
      });
    });
    for await (const _message of client.serverStream(subscribe, { value: 'x' })) break;
    await expect(left).resolves.toBeUndefined();
  });
});
