import { describe, expect, it } from 'vitest';
import { settle } from '../../test/support/manual-clock.js';
import { codeOf, Probe, setUpToy, toyModel } from '../../test/support/toy-stream.js';
import { Code, StigmerError } from '../contract/errors.js';

describe('resuming', () => {
  it('goes on from the tail, with a bookmark first when nothing was missed', async () => {
    const { broker, log, view, publish } = setUpToy();
    new Probe(broker, { view }).take();
    await settle();
    publish('a', 'b', 'c');
    const behind = new Probe(broker, { view, from: 1 });
    const level = new Probe(broker, { view, from: 3 });
    behind.take(9);
    level.take(9);
    await settle();
    expect(behind.items).toEqual([{ type: 'deltas', revision: 3, events: ['b', 'c'] }]);
    expect(level.items).toEqual([{ type: 'bookmark', revision: 3 }]);
    expect(log.reads).toBe(0);
  });

  it('reads from the log what the tail does not have, a piece for each demand, then goes on live', async () => {
    const { broker, log, view, publish } = setUpToy({ itemEvents: 2 });
    log.append('a', 'b', 'c', 'd', 'e');
    const probe = new Probe(broker, { view, from: 0 });
    probe.take(1);
    await settle();
    await settle();
    expect(probe.items).toEqual([{ type: 'deltas', revision: 2, events: ['a', 'b'] }]);
    expect(log.reads).toBe(1);
    publish('f');
    probe.take(9);
    for (let i = 0; i < 5; i++) await settle();
    expect(probe.text).toBe('abcdef');
    expect(probe.items.every(({ type }) => type === 'deltas' || type === 'bookmark')).toBe(true);
  });

  it('begins with a marked snapshot when the events are not kept any more, or the log is behind', async () => {
    const { broker, log, view } = setUpToy();
    log.append('a', 'b', 'c');
    log.keptFrom = 2;
    const old = new Probe(broker, { view, from: 1 });
    const ahead = new Probe(broker, { view, from: 9 });
    const other = new Probe(broker, { view, resyncReason: 'another log' });
    for (const probe of [old, ahead, other]) probe.take(3);
    await settle();
    await settle();
    for (const { items } of [old, ahead, other]) expect(items).toMatchObject([{ type: 'snapshot', revision: 3, text: 'abc' }]);
    expect(old.items[0]?.reason).toContain('not kept any more');
    expect(ahead.items[0]?.reason).toContain('ahead of the log');
    expect(other.items[0]?.reason).toBe('another log');
    expect(broker.metrics.resyncs).toBe(3);
  });

  it('fails with what the log throws', async () => {
    const { broker, log, view } = setUpToy();
    log.append('a');
    const probe = new Probe(broker, { view, from: 0 });
    await settle();
    log.failure = new StigmerError(Code.UNAVAILABLE, 'no disk');
    probe.take();
    await settle();
    expect(codeOf(probe)).toBe(Code.UNAVAILABLE);
  });
});

describe('a watcher that lags', () => {
  it('gets merged events, marked, when they are more than an item takes', async () => {
    const { broker, view, publish } = setUpToy({ itemEvents: 3 });
    const probe = new Probe(broker, { view });
    probe.take();
    await settle();
    for (const event of ['a', 'b', '<1>', 'c', 'd']) publish(event);
    await settle();
    probe.take();
    expect(probe.items.at(-1)).toEqual({ type: 'deltas', revision: 5, events: ['ab', '<1>', 'cd'], conflated: true });
    expect(broker.metrics).toMatchObject({ conflations: 1, resyncs: 0, maxLag: 5 });
  });

  it('gets a marked snapshot when the tail has left its place, with the transitions that it missed before it', async () => {
    const { broker, view, publish } = setUpToy({ tailEvents: 2 });
    const probe = new Probe(broker, { view });
    probe.take();
    await settle();
    for (const event of ['a', '<1>', 'b', '<2>', 'c', 'd', 'e']) publish(event);
    await settle();
    probe.take(9);
    expect(probe.items.slice(1)).toMatchObject([
      { type: 'snapshot', revision: 2, text: 'a<1>' },
      { type: 'snapshot', revision: 4, text: 'a<1>b<2>' },
      { type: 'snapshot', revision: 7, text: 'a<1>b<2>cde' },
    ]);
    expect(probe.items.slice(1).every(({ reason }) => reason?.includes('fell behind'))).toBe(true);
  });

  it('gets a snapshot when that is less than the events that it stands for', async () => {
    const { broker, view, publish } = setUpToy({ itemBytes: 4 }, { ...toyModel, sizeOf: () => 3 });
    const probe = new Probe(broker, { view });
    probe.take();
    await settle();
    for (const event of ['aaaa', '<1>', 'bbbb', 'cccc']) publish(event);
    await settle();
    probe.take(9);
    expect(probe.items.slice(1)).toMatchObject([
      { type: 'snapshot', revision: 2, text: 'aaaa<1>' },
      { type: 'snapshot', revision: 4, text: 'aaaa<1>bbbbcccc' },
    ]);
  });

  it('holds nothing back from others and costs no more than the tail', async () => {
    const { broker, view, publish } = setUpToy({ tailEvents: 8, tailBytes: 20 });
    const stopped = new Probe(broker, { view });
    stopped.take();
    const lively = new Probe(broker, { view });
    lively.take(10_000);
    await settle();
    for (let i = 0; i < 1000; i++) {
      publish(`${i % 10}x`);
      if (i % 7 === 0) await settle();
    }
    await settle();
    expect(broker.metrics.tailBytes).toBeLessThanOrEqual(20);
    expect(lively.items.every(({ reason }) => reason === undefined)).toBe(true);
    stopped.take(2);
    expect(stopped.text).toBe(lively.text);
  });

  it('is cut off when its transport takes nothing, and told where to resume', async () => {
    const { broker, clock, view, publish } = setUpToy();
    const probe = new Probe(broker, { view });
    probe.take(2);
    await settle();
    publish('a');
    await settle();
    await clock.advance(100_000);
    expect(probe.error).toBeUndefined();
    publish('b');
    await settle();
    await clock.advance(29_999);
    expect(probe.error).toBeUndefined();
    await clock.advance(1);
    expect(codeOf(probe)).toBe(Code.RESOURCE_EXHAUSTED);
    expect(probe.error?.message).toContain('resume from revision 1');
    expect(broker.metrics).toMatchObject({ cutOffs: 1, watchers: 0 });
  });

  it('is not cut off as long as it takes something now and then', async () => {
    const { broker, clock, view, publish } = setUpToy({ itemEvents: 1 });
    const probe = new Probe(broker, { view });
    probe.take();
    await settle();
    publish(...Array.from({ length: 20 }, (_, i) => `<${i}>`));
    await settle();
    for (let i = 0; i < 20; i++) {
      await clock.advance(20_000);
      probe.take();
    }
    expect(probe.error).toBeUndefined();
    expect(probe.items).toHaveLength(21);
  });
});

describe('bookmarks', () => {
  it('come when nothing else came for a while', async () => {
    const { broker, clock, view, publish } = setUpToy();
    const probe = new Probe(broker, { view });
    probe.take(9);
    await settle();
    await clock.advance(10_000);
    publish('a');
    await settle();
    await clock.advance(14_999);
    expect(probe.items.map(({ type }) => type)).toEqual(['snapshot', 'deltas']);
    await clock.advance(1);
    expect(probe.items.at(-1)).toEqual({ type: 'bookmark', revision: 1 });
    await clock.advance(15_000);
    expect(probe.items.filter(({ type }) => type === 'bookmark')).toHaveLength(2);
  });
});

describe('notices', () => {
  it('come before the events that wait, the newest of each code, and stop at the end', async () => {
    const { broker, view, publish } = setUpToy();
    const probe = new Probe(broker, { view });
    probe.take();
    await settle();
    publish('a');
    broker.notify('key', { code: 'X', cleared: false });
    broker.notify('key', { code: 'Y', cleared: false });
    broker.notify('key', { code: 'X', cleared: true });
    await settle();
    probe.take(3);
    expect(probe.items.slice(1)).toMatchObject([{ notice: { code: 'Y' } }, { notice: { code: 'X', cleared: true } }, { events: ['a'] }]);
    publish('.');
    broker.notify('key', { code: 'Z', cleared: false });
    probe.take(9);
    await settle();
    expect(probe.items.at(-1)?.type).toBe('end');
    expect(probe.items.some(({ notice }) => notice?.code === 'Z')).toBe(false);
  });

  it('that stand are told to a new watcher, those that are over are not', async () => {
    const { broker, log, view } = setUpToy();
    log.notices = [{ code: 'X', cleared: false }];
    const first = new Probe(broker, { view });
    first.take(9);
    await settle();
    broker.notify('key', { code: 'X', cleared: true });
    await settle();
    const second = new Probe(broker, { view });
    second.take(9);
    await settle();
    expect(first.items.map(({ notice }) => notice?.cleared)).toEqual([undefined, false, true]);
    expect(second.items.map(({ type }) => type)).toEqual(['snapshot']);
  });
});
