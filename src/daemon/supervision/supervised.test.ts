import { describe, expect, it } from 'vitest';
import { ManualClock, settle } from '../../../test/support/manual-clock.js';
import type { RunningChild } from './child.js';
import type { ChildExit } from './child-exit.js';
import { Supervised } from './supervised.js';
import type { SupervisedOptions } from './supervised.js';
import type { SupervisedState } from './supervised-state.js';

/** A process whose end the test decides. */
class ScriptedChild implements RunningChild {
  readonly exited: Promise<ChildExit>;
  graceMs: number | undefined;
  readonly pid: number;
  #end: (exit: ChildExit) => void = () => undefined;

  constructor(pid: number) {
    this.pid = pid;
    this.exited = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  crash(code = 1): void {
    this.#end({ code, signal: null, asked: false, lastLines: ['it hurts'] });
  }

  stop(graceMs: number): Promise<ChildExit> {
    this.graceMs ??= graceMs;
    this.#end({ code: 0, signal: null, asked: true, lastLines: [] });
    return this.exited;
  }
}

/** The message with which a start is rejected. */
const messageOf = (start: Promise<void>): Promise<string> =>
  start.then(
    () => 'it started',
    (error: unknown) => (error as Error).message,
  );

function setUp(options: Partial<SupervisedOptions> = {}) {
  const clock = new ManualClock();
  const children: ScriptedChild[] = [];
  const states: SupervisedState[] = [];
  /** What the probe says: undefined is "ready". */
  const world: { answer: string | undefined } = { answer: undefined };
  const supervised = new Supervised({
    name: 'thing',
    clock,
    random: () => 1,
    launch: () => {
      const child = new ScriptedChild(100 + children.length);
      children.push(child);
      return Promise.resolve(child);
    },
    probe: () => (world.answer === undefined ? Promise.resolve() : Promise.reject(new Error(world.answer))),
    ...options,
  });
  supervised.onState(({ state }) => states.push(state));
  return { clock, children, states, world, supervised, kinds: () => states.map((state) => state.kind) };
}

describe('Supervised', () => {
  it('resolves start when the probe is content, and reports pid and time', async () => {
    const { supervised, clock, world, states } = setUp();
    world.answer = '127.0.0.1:1: connection refused';
    const started = supervised.start();
    await clock.advance(1_000);
    expect(states).toEqual([{ kind: 'starting' }, { kind: 'starting', waitingFor: '127.0.0.1:1: connection refused' }]);
    world.answer = undefined;
    await clock.advance(100);
    await started;
    expect(supervised.status()).toMatchObject({ name: 'thing', state: { kind: 'ready' }, pid: 100, restarts: 0 });
    await supervised.stop(0);
    expect(clock.pending).toBe(0);
  });

  it('rejects start with exit code and last lines when the process ends before it is ready, and leaves it at that', async () => {
    const { supervised, clock, world, children } = setUp();
    world.answer = 'not yet';
    const started = supervised.start();
    await settle();
    children[0]!.crash(3);
    await expect(started).rejects.toThrow(/^thing did not start: it exited with code 3; its last lines:\n {2}it hurts$/);
    await clock.advance(600_000);
    expect(children).toHaveLength(1);
    expect(supervised.status().state.kind).toBe('failed');
    expect(supervised.status().pid).toBeUndefined();
  });

  it('rejects start with what the probe said last when the process is not ready in time, and stops it', async () => {
    const { supervised, clock, world, children } = setUp({ timings: { startTimeoutMs: 2_000, stopGraceMs: 123 } });
    world.answer = 'no lease from 127.0.0.1:7234';
    const started = supervised.start();
    const rejected = messageOf(started);
    await clock.advance(2_100);
    expect(await rejected).toBe('thing did not start: it runs (pid 100) but was not ready within 2 s: no lease from 127.0.0.1:7234');
    expect(children[0]!.graceMs).toBe(123);
  });

  it('rejects start with the reason when the process cannot be launched', async () => {
    const { supervised } = setUp({ launch: () => Promise.reject(new Error('port 1 is taken')) });
    await expect(supervised.start()).rejects.toThrow('thing did not start: it could not be started: port 1 is taken');
  });

  it('tries as often as it was told before it gives up a first start', async () => {
    const { supervised, clock, world, children } = setUp({ startAttempts: 2 });
    world.answer = 'not yet';
    const started = supervised.start();
    await settle();
    children[0]!.crash();
    await clock.advance(1_000);
    world.answer = undefined;
    await clock.advance(100);
    await started;
    expect(children).toHaveLength(2);
    await supervised.stop(0);
  });

  it('starts again what ended by itself, after a wait that it announces', async () => {
    const { supervised, clock, children, states, kinds } = setUp();
    await supervised.start();
    children[0]!.crash();
    await settle();
    expect(states.at(-1)).toMatchObject({ kind: 'backing-off', until: clock.now() + 1_000 });
    await clock.advance(999);
    expect(children).toHaveLength(1);
    await clock.advance(1);
    expect(children).toHaveLength(2);
    expect(kinds()).toEqual(['starting', 'ready', 'backing-off', 'starting', 'ready']);
    expect(supervised.status()).toMatchObject({ restarts: 1, pid: 101, lastExit: { code: 1 } });
    expect(supervised.status().lastError?.text).toContain('exited with code 1');
    await supervised.stop(0);
  });

  it('waits longer each time, and gives up after ten restarts in ten minutes, saying so', async () => {
    const { supervised, clock, children, states } = setUp();
    await supervised.start();
    const waits: number[] = [];
    for (let crash = 0; crash < 10; crash += 1) {
      children.at(-1)!.crash();
      await settle();
      const state = states.at(-1)!;
      waits.push(state.kind === 'backing-off' ? state.until - clock.now() : Number.NaN);
      await clock.advance(60_000 > waits[crash]! ? waits[crash]! : 60_000);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000]);
    children.at(-1)!.crash();
    await settle();
    expect(supervised.status().state).toMatchObject({ kind: 'failed', reason: expect.stringContaining('restarted 10 times within 10 minutes') });
    await clock.advance(3_600_000);
    expect(children).toHaveLength(11);
  });

  it('forgets earlier restarts once it has run for the stable time', async () => {
    const { supervised, clock, children, states } = setUp({ timings: { stableMs: 60_000 }, budget: { restarts: 1 } });
    await supervised.start();
    children[0]!.crash();
    await clock.advance(1_000);
    await clock.advance(60_000);
    children[1]!.crash();
    await settle();
    expect(states.at(-1)).toMatchObject({ kind: 'backing-off', until: clock.now() + 1_000 });
    await supervised.stop(0);
  });

  it('can be started anew after it has failed', async () => {
    const { supervised, world, children } = setUp();
    world.answer = 'not yet';
    // From within the very turn in which the failure is told.
    const second = supervised.start().catch(() => {
      world.answer = undefined;
      return supervised.start();
    });
    await settle();
    children[0]!.crash();
    await second;
    expect(supervised.status().state.kind).toBe('ready');
    await supervised.stop(0);
  });

  it('calls unhealthy what stops answering twice in a row, and ready what answers again', async () => {
    const { supervised, clock, world, kinds } = setUp();
    await supervised.start();
    world.answer = 'silence';
    await clock.advance(5_000);
    expect(kinds()).toEqual(['starting', 'ready']);
    await clock.advance(5_000);
    expect(supervised.status().state).toEqual({ kind: 'unhealthy', reason: 'silence' });
    world.answer = undefined;
    await clock.advance(5_000);
    expect(kinds()).toEqual(['starting', 'ready', 'unhealthy', 'ready']);
    await supervised.stop(0);
  });

  it('replaces an unhealthy process when it was told after how long', async () => {
    const { supervised, clock, world, children } = setUp({ timings: { replaceUnhealthyAfterMs: 20_000 } });
    await supervised.start();
    world.answer = 'silence';
    await clock.advance(30_000);
    expect(supervised.status().lastError?.text).toContain('was replaced: silence');
    world.answer = undefined;
    await clock.advance(2_000);
    expect(children).toHaveLength(2);
    expect(supervised.status().state.kind).toBe('ready');
    await supervised.stop(0);
  });

  it('bounds a probe that never answers', async () => {
    const { supervised, clock } = setUp({ probe: () => new Promise<void>(() => undefined), timings: { startTimeoutMs: 4_000, probeTimeoutMs: 1_000 } });
    const rejected = messageOf(supervised.start());
    await clock.advance(6_000);
    expect(await rejected).toContain('no answer within 1000 ms');
  });

  it('stops with the grace given, and is not started again', async () => {
    const { supervised, clock, children, kinds } = setUp();
    await supervised.start();
    await supervised.stop(777);
    expect(children[0]!.graceMs).toBe(777);
    await clock.advance(600_000);
    expect(kinds()).toEqual(['starting', 'ready', 'stopping', 'stopped']);
    expect(children).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it('stops while it waits to restart, without starting once more', async () => {
    const { supervised, clock, children } = setUp();
    await supervised.start();
    children[0]!.crash();
    await settle();
    await supervised.stop(0);
    await clock.advance(600_000);
    expect(children).toHaveLength(1);
    expect(supervised.status().state.kind).toBe('stopped');
  });

  it('stops while it is being launched, and leaves no process behind', async () => {
    let launched: ((child: RunningChild) => void) | undefined;
    const { supervised } = setUp({
      launch: () =>
        new Promise((resolve) => {
          launched = resolve;
        }),
    });
    const rejected = messageOf(supervised.start());
    const stopped = supervised.stop(50);
    expect(await rejected).toBe('thing was stopped before it was ready');
    const child = new ScriptedChild(1);
    launched!(child);
    await stopped;
    expect(child.graceMs).toBe(50);
  });

  it('can be stopped twice, the second time with less patience, and started again', async () => {
    const { supervised, kinds } = setUp();
    await supervised.stop(0);
    await supervised.start();
    await Promise.all([supervised.stop(10_000), supervised.stop(0)]);
    expect(kinds()).toEqual(['starting', 'ready', 'stopping', 'stopped']);
    await supervised.start();
    expect(supervised.status().state.kind).toBe('ready');
    await supervised.stop(0);
  });

  it('lets two callers wait for one start', async () => {
    const { supervised, children } = setUp();
    await Promise.all([supervised.start(), supervised.start()]);
    await supervised.start();
    expect(children).toHaveLength(1);
    await supervised.stop(0);
  });

  it('forgets a listener that is ended', async () => {
    const { supervised } = setUp();
    const heard: string[] = [];
    const end = supervised.onState(({ state }) => heard.push(state.kind));
    await supervised.start();
    end();
    await supervised.stop(0);
    expect(heard).toEqual(['starting', 'ready']);
  });
});
