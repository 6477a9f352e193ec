import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { until } from '../../test/support/rpc.js';
import { type RunnerPeer, startRunnerPeer } from '../../test/support/runner-peer.js';
import { systemClock } from '../contract/clock.js';
import { permissionDenied, type StigmerError } from '../contract/errors.js';
import { holdLease } from './lease.js';
import { RpcClient } from './rpc-client.js';

let peer: RunnerPeer;
let client: RpcClient;
let end: AbortController;
const heard = { held: [] as string[], lost: [] as StigmerError[], cancel: [] as string[], drain: [] as string[] };

beforeEach(async () => {
  peer = await startRunnerPeer();
  client = new RpcClient({ endpoint: peer.endpoint });
  end = new AbortController();
  for (const list of Object.values(heard)) list.length = 0;
});
afterEach(() => {
  end.abort();
  client.close();
  peer.close();
});

const hold = (clock = systemClock): Promise<void> =>
  holdLease(
    {
      client,
      clock,
      introduction: { name: 'agent-runner-1', component: 'agent-runner', endpoint: client.endpoint, slots: 4 },
      load: () => ({ slotsUsed: 2, executionIds: ['aex-1', 'aex-2'] }),
      events: {
        held: ({ id }) => heard.held.push(id),
        lost: (reason) => heard.lost.push(reason),
        cancel: (id, reason) => heard.cancel.push(`${id}: ${reason}`),
        drain: (reason) => heard.drain.push(reason),
      },
    },
    end.signal,
  );

describe('holdLease', () => {
  it('introduces itself, and beats at a third of the time to live with what it is busy with', async () => {
    peer.manners.ttlMs = 60;
    const held = hold();
    await until(() => peer.heartbeats.length >= 3);
    expect(peer.introductions).toMatchObject([{ name: 'agent-runner-1', component: 'agent-runner', slots: 4, endpoint: peer.endpoint }]);
    expect(peer.heartbeats[0]).toMatchObject({ slotsUsed: 2, executionIds: ['aex-1', 'aex-2'] });
    end.abort();
    await held;
  });

  it('hears what the server pushes', async () => {
    void hold();
    await until(() => heard.held.length === 1);
    peer.cancel('aex-1', 'not wanted');
    peer.drain('going');
    await until(() => heard.drain.length === 1);
    expect(heard).toMatchObject({ cancel: ['aex-1: not wanted'], drain: ['going'] });
  });

  it('asks again when the server is away, and says where it looked', async () => {
    peer.down();
    void hold();
    await until(() => heard.lost.length > 0);
    expect(heard.lost[0]?.message).toContain(peer.endpoint);
    await peer.up();
    await until(() => heard.held.length === 1);
    peer.breakStreams();
    await until(() => heard.held.length === 2);
    expect(heard.held).toEqual(['lease-1', 'lease-2']);
  });

  it('does not wait without a word for a server that never answers', async () => {
    peer.manners.answersHello = false;
    const clock = new ManualClock();
    void hold(clock);
    await until(async () => {
      await clock.advance(1_000);
      return heard.lost.length > 0;
    });
    expect(heard.lost[0]?.message).toBe(`the server at ${peer.endpoint} has not answered to Hello within 10 s`);
  });

  it.each([
    ['knows no leases', () => (peer.manners.ours = false), 'UNIMPLEMENTED'],
    ['refuses the runner', () => (peer.manners.refuse = permissionDenied('no')), 'PERMISSION_DENIED'],
  ])('gives up on a server that %s', async (_how, prepare, codeName) => {
    prepare();
    await expect(hold()).rejects.toMatchObject({ codeName });
    expect(heard.lost).toEqual([]);
  });
});
