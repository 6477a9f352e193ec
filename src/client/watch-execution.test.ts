import type { MessageInitShape } from '@bufbuild/protobuf';
import { lastValueFrom, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GrpcPeer, startGrpcPeer } from '../../test/support/grpc-peer.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { until } from '../../test/support/rpc.js';
import { Code, notFound, StigmerError, unavailable } from '../contract/errors.js';
import { ExecutionStream, type WatchRequest, type WatchResponseSchema } from '../contract/gen/stigmer/stream/v1/stream_pb.js';
import { RpcClient } from './rpc-client.js';
import { type WatchEvent, watchExecution, watchExecution$, type WatchOptions } from './watch-execution.js';

type Item = NonNullable<MessageInitShape<typeof WatchResponseSchema>['item']>;
/** What the peer does in one call of Watch: items are sent, an error ends the call, `hang` waits until the client leaves. */
type Step = Item | StigmerError | 'hang';

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

/** Plays one script per call; the last one again and again. */
function play(...calls: readonly (readonly Step[])[]): void {
  let next = 0;
  peer.stream(ExecutionStream.method.watch, async function* (request, call) {
    requests.push(request);
    for (const step of calls[Math.min(next++, calls.length - 1)] ?? []) {
      if (step instanceof StigmerError) throw step;
      if (step === 'hang') await new Promise<void>((resolve) => call.left.addEventListener('abort', () => resolve()));
      else yield { item: step };
    }
  });
}

const snapshot = (revision: number): Item => ({ case: 'snapshot', value: { at: { logId: 'log', revision: BigInt(revision) } } });
const deltas = (first: number, last = first): Item => ({ case: 'deltas', value: { firstRevision: BigInt(first), lastRevision: BigInt(last) } });
const bookmark = (revision: number): Item => ({ case: 'bookmark', value: { at: { logId: 'log', revision: BigInt(revision) } } });
const end: Item = { case: 'end', value: { phase: 3 } };

const quick: WatchOptions = { random: () => 0 };
const watch = (options: WatchOptions = quick) => watchExecution(client, 'aex-1', options);

function brief(event: WatchEvent): string {
  switch (event.type) {
    case 'snapshot':
      return `snapshot ${event.snapshot.at?.revision}`;
    case 'deltas':
      return `deltas ${event.deltas.firstRevision}-${event.deltas.lastRevision}`;
    case 'bookmark':
      return `bookmark ${event.bookmark.at?.revision}`;
    default:
      return event.type;
  }
}

async function briefs(events: AsyncIterable<WatchEvent>): Promise<string[]> {
  const seen: string[] = [];
  for await (const event of events) seen.push(brief(event));
  return seen;
}

describe('watching an execution', () => {
  it('gives what the server says, in order, and ends with the end', async () => {
    play([snapshot(4), deltas(5, 6), { case: 'notice', value: { code: 'NO_RUNNER' } }, deltas(7), end]);
    expect(await briefs(watch())).toEqual(['snapshot 4', 'deltas 5-6', 'notice', 'deltas 7-7', 'end']);
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({ executionId: 'aex-1' });
    expect(requests[0]?.resume).toBeUndefined();
  });

  it('goes on after a break at the revision that it has, and says that it broke and that it is there again', async () => {
    play([snapshot(4), deltas(5, 6), unavailable('shutting down')], [deltas(7), end]);
    expect(await briefs(watch())).toEqual(['snapshot 4', 'deltas 5-6', 'break', 'resumed', 'deltas 7-7', 'end']);
    expect(requests[1]?.resume).toMatchObject({ logId: 'log', revision: 6n });
  });

  it('takes a stream that ends without an end for a break', async () => {
    play([snapshot(4)], [], [end]);
    expect(await briefs(watch())).toEqual(['snapshot 4', 'break', 'resumed', 'end']);
    expect(requests.map(({ resume }) => resume?.revision)).toEqual([undefined, 4n, 4n]);
  });

  it('outlives a server that goes away and comes back', async () => {
    play([snapshot(1), 'hang'], [deltas(2), end]);
    const events = watch();
    expect((await events.next()).value?.type).toBe('snapshot');
    peer.down();
    expect((await events.next()).value?.type).toBe('break');
    const rest = briefs(events);
    await peer.up();
    expect(await rest).toEqual(['resumed', 'deltas 2-2', 'end']);
  });

  it('resumes from a bookmark', async () => {
    play([snapshot(4), bookmark(9), unavailable('gone')], [end]);
    await briefs(watch());
    expect(requests[1]?.resume?.revision).toBe(9n);
  });

  it('starts where an earlier watch stopped', async () => {
    play([deltas(8), unavailable('gone')], [end]);
    await briefs(watch({ ...quick, resume: { logId: 'log', revision: 7n } as never }));
    expect(requests.map(({ resume }) => resume?.revision)).toEqual([7n, 8n]);
  });

  it('takes the log id and revision of a snapshot that replaces what it has', async () => {
    play([snapshot(4), unavailable('gone')], [{ case: 'snapshot', value: { at: { logId: 'other', revision: 2n }, resync: true } }, unavailable('gone')], [end]);
    await briefs(watch());
    expect(requests[2]?.resume).toMatchObject({ logId: 'other', revision: 2n });
  });

  it('takes silence for a dead connection', async () => {
    const clock = new ManualClock();
    play([snapshot(4), 'hang'], [end]);
    const events = watch({ ...quick, clock, silenceMs: 45_000 });
    await events.next();
    const next = events.next();
    await until(() => clock.pending > 0);
    await clock.advance(45_000);
    expect((await next).value).toMatchObject({ type: 'break', reason: { message: `no word from the server at ${peer.endpoint} for 45 s` } });
    const rest = briefs(events);
    await until(() => clock.pending > 0);
    await clock.advance(100);
    expect(await rest).toEqual(['resumed', 'end']);
  });

  it('does not count the time that its reader takes as silence', async () => {
    const clock = new ManualClock();
    play([snapshot(4), deltas(5), end]);
    const events = watch({ ...quick, clock, silenceMs: 45_000 });
    await events.next();
    await clock.advance(100_000);
    expect(await briefs(events)).toEqual(['deltas 5-5', 'end']);
  });

  it('throws what another try cannot mend', async () => {
    play([notFound('AgentExecution', 'aex-1')]);
    await expect(briefs(watch())).rejects.toMatchObject({ code: Code.NOT_FOUND, reason: 'NOT_FOUND' });
    expect(requests).toHaveLength(1);
  });

  it('ends without an error when its signal aborts, and leaves the server', async () => {
    const abort = new AbortController();
    const left = new Promise<void>((resolve) => {
      peer.stream(ExecutionStream.method.watch, async function* (_request, call) {
        yield { item: snapshot(1) };
        await new Promise<void>((gone) => call.left.addEventListener('abort', () => gone()));
        resolve();
      });
    });
    const events = watch({ ...quick, signal: abort.signal });
    await events.next();
    const rest = briefs(events);
    abort.abort();
    expect(await rest).toEqual([]);
    await left;
  });

  it('ends without an error when its signal aborts while it waits for another try', async () => {
    const clock = new ManualClock();
    const abort = new AbortController();
    peer.down();
    const events = watch({ clock, signal: abort.signal });
    expect((await events.next()).value?.type).toBe('break');
    const rest = briefs(events);
    abort.abort();
    expect(await rest).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('is an Observable as well, which leaves the server when it is unsubscribed', async () => {
    play([snapshot(1), end]);
    const seen = await lastValueFrom(watchExecution$(client, 'aex-1', quick).pipe(toArray()));
    expect(seen.map(brief)).toEqual(['snapshot 1', 'end']);

    const left = new Promise<void>((resolve) => {
      peer.stream(ExecutionStream.method.watch, async function* (_request, call) {
        yield { item: snapshot(1) };
        await new Promise<void>((gone) => call.left.addEventListener('abort', () => gone()));
        resolve();
      });
    });
    const subscription = watchExecution$(client, 'aex-1', quick).subscribe(() => subscription.unsubscribe());
    await left;
  });
});
