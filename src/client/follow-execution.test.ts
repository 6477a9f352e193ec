import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GrpcPeer, startGrpcPeer } from '../../test/support/grpc-peer.js';
import { Code, notFound, unavailable } from '../contract/errors.js';
import { AgentExecutionQueryController } from '../contract/gen/ai/stigmer/agentic/agentexecution/v1/query_pb.js';
import { MessageType } from '../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { WorkflowExecutionQueryController } from '../contract/gen/ai/stigmer/agentic/workflowexecution/v1/query_pb.js';
import { type ExecutionEventSchema, ExecutionStateSchema } from '../contract/gen/stigmer/stream/v1/event_pb.js';
import { ExecutionStream, type WatchRequest, type WatchResponseSchema } from '../contract/gen/stigmer/stream/v1/stream_pb.js';
import { Phase } from '../contract/phases.js';
import { type FollowEvent, followExecution } from './follow-execution.js';
import { RpcClient } from './rpc-client.js';

type Item = NonNullable<MessageInitShape<typeof WatchResponseSchema>['item']>;

let peer: GrpcPeer;
let client: RpcClient;
let requests: WatchRequest[];

beforeEach(async () => {
  peer = await startGrpcPeer();
  client = new RpcClient({ endpoint: peer.endpoint });
  requests = [];
});
afterEach(() => {
  client.close();
  peer.down();
});

function playWatch(...calls: readonly (readonly Item[])[]): void {
  let next = 0;
  peer.stream(ExecutionStream.method.watch, async function* (request) {
    requests.push(request);
    for (const item of calls[next++] ?? []) yield { item };
    throw unavailable('that was all');
  });
}

const says = (content: string) => ({ type: MessageType.MESSAGE_AI, content });
const snapshot = (revision: bigint, ...texts: string[]): Item => ({
  case: 'snapshot',
  value: {
    at: { logId: 'log', revision },
    execution: { case: 'agent', value: { metadata: { id: 'aex-1' }, status: { phase: Phase.IN_PROGRESS, messages: texts.map(says) } } },
  },
});
const deltas = (revision: bigint, ...events: MessageInitShape<typeof ExecutionEventSchema>[]): Item => ({
  case: 'deltas',
  value: { firstRevision: revision, lastRevision: revision + BigInt(events.length - 1), events },
});
const append = (index: number, offset: number, text: string) => ({ change: { case: 'textAppended' as const, value: { index, offset: BigInt(offset), text } } });
const end: Item = { case: 'end', value: { phase: Phase.COMPLETED } };

/** One line per event; a state as the texts of its messages. */
async function follow(kind: 'agent' | 'workflow' = 'agent'): Promise<string[]> {
  const seen: string[] = [];
  for await (const event of followExecution(client, 'x-1', { kind, random: () => 0 })) seen.push(brief(event));
  return seen;
}

function brief(event: FollowEvent): string {
  if (event.type === 'end') return `end ${event.end.phase}`;
  if (event.type !== 'state') return event.type;
  const { status } = create(ExecutionStateSchema, event.state);
  if (status.case === 'agent') return status.value.messages.map(({ content }) => content).join('|');
  return status.case === 'workflow' ? status.value.tasks.map(({ taskName }) => taskName).join('|') : 'nothing';
}

describe('following an execution', () => {
  it('gives the state after each message of the server, then the end', async () => {
    playWatch([
      snapshot(3n, 'Hello'),
      deltas(4n, append(0, 5, ', wor'), append(0, 10, 'ld')),
      { case: 'notice', value: { code: 'NO_RUNNER' } },
      { case: 'bookmark', value: { at: { logId: 'log', revision: 5n } } },
      deltas(6n, { change: { case: 'messageAppended', value: { index: 1, message: says('Bye') } } }),
      end,
    ]);
    expect(await follow()).toEqual(['Hello', 'Hello, world', 'notice', 'Hello, world|Bye', 'end 3']);
  });

  it('goes on with the state that it has after a break', async () => {
    playWatch([snapshot(3n, 'Hello')], [deltas(4n, append(0, 5, ' again')), end]);
    expect(await follow()).toEqual(['Hello', 'break', 'resumed', 'Hello again', 'end 3']);
    expect(requests[1]?.resume?.revision).toBe(3n);
  });

  it('replaces the state by a later snapshot', async () => {
    playWatch([snapshot(3n, 'Hello'), snapshot(90n, 'Hello', 'there'), deltas(91n, append(1, 5, '!')), end]);
    expect(await follow()).toEqual(['Hello', 'Hello|there', 'Hello|there!', 'end 3']);
  });

  it('asks for a snapshot when an event does not fit on what it has', async () => {
    playWatch([snapshot(3n, 'Hello'), deltas(4n, append(0, 99, 'lost'))], [snapshot(9n, 'Hello, all of it'), end]);
    expect(await follow()).toEqual(['Hello', 'Hello, all of it', 'end 3']);
    expect(requests.map(({ resume }) => resume)).toEqual([undefined, undefined]);
  });

  it('asks for a snapshot when the server tells of a change that this version does not know', async () => {
    playWatch([snapshot(3n, 'Hello'), deltas(4n, {})], [snapshot(4n, 'Hello'), end]);
    expect(await follow()).toEqual(['Hello', 'Hello', 'end 3']);
  });

  it('asks by subscribe where there is no Watch, through a break, to the final phase', async () => {
    let call = 0;
    peer.stream(AgentExecutionQueryController.method.subscribe, async function* ({ value }) {
      yield { metadata: { id: value }, status: { phase: Phase.IN_PROGRESS, messages: [says('Hel')] } };
      if (call++ === 0) throw unavailable('restarting');
      yield { status: { phase: Phase.COMPLETED, messages: [says('Hello')] } };
    });
    expect(await follow()).toEqual(['Hel', 'break', 'resumed', 'Hel', 'Hello', 'end 3']);
  });

  it('follows workflows by their own subscribe', async () => {
    peer.stream(WorkflowExecutionQueryController.method.subscribe, async function* () {
      yield { status: { phase: Phase.FAILED, error: 'no', tasks: [{ taskId: '1', taskName: 'fetch' }] } };
    });
    expect(await follow('workflow')).toEqual(['fetch', 'end 4']);
  });

  it('throws when there is no such execution', async () => {
    peer.stream(ExecutionStream.method.watch, async function* () {
      yield* [];
      throw notFound('AgentExecution', 'x-1');
    });
    await expect(follow()).rejects.toMatchObject({ code: Code.NOT_FOUND });
  });
});
