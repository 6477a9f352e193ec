import { describe, expect, it } from 'vitest';
import { ManualClock, settle } from '../../test/support/manual-clock.js';
import { encode, Probe, snapshotsOnly, type Toy, ToyLog, toyModel, type ToyNotice, ToyView } from '../../test/support/toy-stream.js';
import { Code, StigmerError } from '../contract/errors.js';
import type { BrokerSettings } from './settings.js';
import { StreamBroker } from './stream-broker.js';

function setUp(settings: Partial<BrokerSettings> = {}, model = toyModel) {
  const clock = new ManualClock();
  const log = new ToyLog();
  const broker = new StreamBroker<Toy, string, ToyNotice>({ model, source: log, clock, settings });
  const view = new ToyView();
  const publish = (...events: string[]): void => broker.publish('key', log.append(...events));
  return { clock, log, broker, view, publish };
}

const codeOf = (probe: Probe): number | undefined => (probe.error instanceof StigmerError ? probe.error.code : undefined);

describe('a watch of deltas', () => {
  it('begins with a snapshot and goes on with every event of a turn in one item', async () => {
    const { broker, view, publish } = setUp();
    publish('a', 'b');
    const probe = new Probe(broker, { view });
    probe.take(9);
    await settle();
    publish('c');
    publish('d', 'e');
    await settle();
    expect(probe.items).toEqual([
      { type: 'snapshot', revision: 2, text: 'ab' },
      { type: 'deltas', revision: 5, events: ['c', 'd', 'e'] },
    ]);
  });

  it('emits nothing without demand, and then what there is by then', async () => {
    const { broker, view, publish } = setUp();
    const probe = new Probe(broker, { view });
    probe.take();
    await settle();
    publish('a');
    await settle();
    publish('b');
    await settle();
    expect(probe.items).toHaveLength(1);
    probe.take();
    expect(probe.items.at(-1)).toEqual({ type: 'deltas', revision: 2, events: ['a', 'b'] });
  });

  it('misses nothing and repeats nothing of what is published while it starts', async () => {
    const { broker, log, view, publish } = setUp();
    publish('a');
    log.isHeld = true;
    const probe = new Probe(broker, { view });
    probe.take(9);
    publish('b');
    await settle();
    publish('c');
    log.answer();
    await settle();
    expect(probe.items).toEqual([{ type: 'snapshot', revision: 3, text: 'abc' }]);
  });

  it('passes over what it has already of a publication', async () => {
    const { broker, log, view } = setUp();
    const probe = new Probe(broker, { view });
    probe.take(9);
    const { events } = log.append('a', 'b', 'c');
    broker.publish('key', { firstRevision: 1, events: events.slice(0, 2) });
    await settle();
    broker.publish('key', { firstRevision: 1, events });
    broker.publish('key', { firstRevision: 2, events: events.slice(1) });
    await settle();
    expect(probe.text).toBe('abc');
    expect(probe.items.map(({ revision }) => revision)).toEqual([2, 3]);
  });

  it('ends once, last, with the end as an item', async () => {
    const { broker, view, publish } = setUp();
    const probe = new Probe(broker, { view });
    probe.take(9);
    await settle();
    publish('a', '.');
    await settle();
    expect(probe.items.slice(1)).toEqual([
      { type: 'deltas', revision: 2, events: ['a', '.'] },
      { type: 'end', revision: 2 },
    ]);
    expect(probe.isComplete).toBe(true);
    expect(broker.metrics).toMatchObject({ watchers: 0, keys: 0, tailBytes: 0 });
  });

  it('gives a finished key its snapshot and the end at once', async () => {
    const { broker, view, publish } = setUp();
    publish('a', '.');
    const probe = new Probe(broker, { view });
    probe.take(2);
    await settle();
    expect(probe.items.map(({ type }) => type)).toEqual(['snapshot', 'end']);
    const returning = new Probe(broker, { view, from: 2 });
    returning.take(1);
    await settle();
    expect(returning.items).toEqual([{ type: 'end', revision: 2 }]);
  });

  it('is refused for a key that there is not, and gets what the source throws', async () => {
    const { broker, log, view } = setUp();
    log.isGone = true;
    const lost = new Probe(broker, { view });
    await settle();
    expect(codeOf(lost)).toBe(Code.NOT_FOUND);
    log.failure = new StigmerError(Code.DATA_LOSS, 'torn page');
    const failed = new Probe(broker, { view });
    await settle();
    expect(codeOf(failed)).toBe(Code.DATA_LOSS);
    expect(broker.metrics.keys).toBe(0);
  });

  it('ends as deleted when the key is deleted, whatever waits', async () => {
    const { broker, view, publish } = setUp();
    const probe = new Probe(broker, { view });
    probe.take(1);
    await settle();
    publish('a');
    broker.remove('key');
    await settle();
    probe.take();
    expect(probe.items.at(-1)).toEqual({ type: 'end', revision: 0, deleted: true });
    expect(probe.isComplete).toBe(true);
  });

  it('gets a snapshot, after the events, when something beside them was changed', async () => {
    const { broker, log, view, publish } = setUp();
    const deltas = new Probe(broker, { view });
    const snapshots = new Probe(broker, { view: snapshotsOnly() });
    for (const probe of [deltas, snapshots]) probe.take(9);
    await settle();
    log.title = 'new';
    log.isHeld = true;
    broker.refresh('key');
    publish('a', '<1>', 'b');
    log.answer();
    await settle();
    publish('c');
    await settle();
    expect(deltas.items.slice(1)).toMatchObject([
      { type: 'deltas', revision: 3 },
      { type: 'snapshot', revision: 3, text: 'a<1>b', title: 'new' },
      { type: 'deltas', revision: 4, events: ['c'] },
    ]);
    expect(deltas.items[2]?.reason).toContain('changed');
    expect(snapshots.items.map(({ text, title }) => [text, title]).slice(0, 3)).toEqual([['', undefined], ['a<1>', undefined], ['a<1>b', 'new']]);
  });

  it('begins with what a refresh loaded, when that came before the state', async () => {
    const { broker, log, view } = setUp();
    log.isHeld = true;
    const probe = new Probe(broker, { view });
    probe.take(9);
    log.title = 'new';
    log.isHeld = false;
    broker.refresh('key');
    await settle();
    log.answer();
    await settle();
    expect(probe.items.at(-1)).toMatchObject({ type: 'snapshot', title: 'new' });
  });
});

describe('resuming', () => {
  it('goes on from the tail, with a bookmark first when nothing was missed', async () => {
    const { broker, log, view, publish } = setUp();
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
    const { broker, log, view, publish } = setUp({ itemEvents: 2 });
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
    const { broker, log, view } = setUp();
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
    const { broker, log, view } = setUp();
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
    const { broker, view, publish } = setUp({ itemEvents: 3 });
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
    const { broker, view, publish } = setUp({ tailEvents: 2 });
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
    const { broker, view, publish } = setUp({ itemBytes: 4 }, { ...toyModel, sizeOf: () => 3 });
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
    const { broker, view, publish } = setUp({ tailEvents: 8, tailBytes: 20 });
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
    const { broker, clock, view, publish } = setUp();
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
    const { broker, clock, view, publish } = setUp({ itemEvents: 1 });
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
    const { broker, clock, view, publish } = setUp();
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
    const { broker, view, publish } = setUp();
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
    const { broker, log, view } = setUp();
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

describe('a watch of snapshots', () => {
  it('gets the newest at intervals while text streams', async () => {
    const { broker, clock, publish } = setUp();
    const view = snapshotsOnly();
    const probe = new Probe(broker, { view });
    probe.take(1000);
    await settle();
    for (let i = 0; i < 100; i++) {
      publish('x');
      await clock.advance(5);
    }
    await clock.advance(50);
    const revisions = probe.items.map(({ revision }) => revision);
    expect(revisions.length).toBeLessThanOrEqual(12);
    expect(revisions.length).toBeGreaterThanOrEqual(9);
    expect(probe.text).toHaveLength(100);
    expect(broker.metrics.resyncs).toBe(0);
  });

  it('gets the last text too, when nothing follows it', async () => {
    const { broker, clock, publish } = setUp();
    const probe = new Probe(broker, { view: snapshotsOnly() });
    probe.take(9);
    await settle();
    publish('a');
    await settle();
    expect(probe.text).toBe('');
    await clock.advance(50);
    expect(probe.text).toBe('a');
  });

  it('gets the first text after a silence at once', async () => {
    const { broker, clock, publish } = setUp();
    const probe = new Probe(broker, { view: snapshotsOnly() });
    probe.take(9);
    await settle();
    await clock.advance(1000);
    publish('a');
    await settle();
    expect(probe.text).toBe('a');
  });

  it('gets every transition as a snapshot of its own, without delay, and then the end of the stream', async () => {
    const { broker, publish } = setUp();
    const probe = new Probe(broker, { view: snapshotsOnly() });
    probe.take(9);
    await settle();
    publish('a', '<1>', 'b');
    publish('<2>', 'c', '.');
    await settle();
    expect(probe.items.map(({ text }) => text)).toEqual(['', 'a<1>', 'a<1>b<2>', 'a<1>b<2>c.']);
    expect(probe.isComplete).toBe(true);
  });

  it('holds one newest snapshot for a transport that takes nothing, and does not end it', async () => {
    const { broker, clock, publish } = setUp();
    const view = snapshotsOnly();
    const probe = new Probe(broker, { view });
    probe.take();
    await settle();
    for (let i = 0; i < 100; i++) {
      publish('x');
      await clock.advance(1000);
    }
    expect(probe.error).toBeUndefined();
    probe.take();
    expect(probe.items.map(({ revision }) => revision)).toEqual([0, 100]);
    expect(view.snapshots).toBe(2);
  });

  it('completes when the key is deleted', async () => {
    const { broker } = setUp();
    const probe = new Probe(broker, { view: snapshotsOnly() });
    probe.take(9);
    await settle();
    broker.remove('key');
    await settle();
    expect(probe.isComplete).toBe(true);
  });
});

describe('encoding', () => {
  it('happens once for all watchers of a view, whichever the item', async () => {
    const { broker, clock, view, publish } = setUp();
    const snapshots = snapshotsOnly();
    const probes = Array.from({ length: 20 }, () => [new Probe(broker, { view }), new Probe(broker, { view: snapshots })]).flat();
    for (const probe of probes) probe.take(9);
    await settle();
    publish('a');
    await settle();
    await clock.advance(50);
    expect([view.snapshots, view.batches, snapshots.snapshots]).toEqual([1, 1, 2]);
    expect(new Set(probes.map(({ frames }) => frames[1])).size).toBe(2);
  });
});

describe('bounds', () => {
  it('refuses a watcher too many, with both numbers', async () => {
    const { broker, view } = setUp({ watchersPerKey: 1, watchers: 2 });
    void new Probe(broker, { view });
    const second = new Probe(broker, { view });
    expect(codeOf(second)).toBe(Code.RESOURCE_EXHAUSTED);
    expect(second.error?.message).toBe('key has 2 watchers, the limit is 1 watchers');
    void new Probe(broker, { view }, 'other');
    expect(new Probe(broker, { view }, 'third').error?.message).toBe('the server has 3 watchers, the limit is 2 watchers');
  });

  it('keeps the tails of all keys within their bound', async () => {
    const { broker, log, view } = setUp({ totalTailBytes: 100 });
    const logs = Array.from({ length: 20 }, () => new ToyLog());
    log.load = () => Promise.resolve({ revision: 0, state: { text: '' } });
    for (const [i] of logs.entries()) void new Probe(broker, { view }, `k${i}`);
    await settle();
    for (let round = 0; round < 10; round++) {
      for (const [i, one] of logs.entries()) broker.publish(`k${i}`, one.append('0123456789'));
      expect(broker.metrics.tailBytes).toBeLessThanOrEqual(100);
    }
  });
});

describe('a broken feed', () => {
  it('is mended by loading anew when publications are missing: watchers go on from the log', async () => {
    const { broker, log, view, publish } = setUp();
    const probe = new Probe(broker, { view });
    probe.take(9);
    await settle();
    publish('a');
    await settle();
    log.append('b', '<1>');
    publish('c');
    for (let i = 0; i < 4; i++) await settle();
    expect(probe.text).toBe('ab<1>c');
    expect(probe.items.filter(({ type }) => type === 'snapshot')).toHaveLength(1);
  });

  it('is mended when an event does not fit', async () => {
    const { broker, log, view, publish } = setUp();
    const probe = new Probe(broker, { view });
    probe.take(9);
    await settle();
    publish('a');
    broker.publish('key', { firstRevision: 2, events: log.append('b').events.map(() => encode('!')) });
    for (let i = 0; i < 4; i++) await settle();
    expect(probe.text).toBe('ab');
  });

  it('ends the watches when loading does not mend it', async () => {
    const { broker, log, view, publish } = setUp();
    const probe = new Probe(broker, { view });
    probe.take(9);
    await settle();
    log.load = () => Promise.resolve({ revision: 0, state: { text: '' } });
    log.append('a');
    publish('b');
    await settle();
    expect(codeOf(probe)).toBe(Code.INTERNAL);
    expect(probe.error?.message).toBe('revision 2 of key was published, and revision 0 is what was loaded after it');
  });
});

describe('closing', () => {
  it('ends every watch as unavailable and lets nobody in', async () => {
    const { broker, clock, view } = setUp();
    const probes = [new Probe(broker, { view }), new Probe(broker, { view: snapshotsOnly() }, 'other')];
    for (const probe of probes) probe.take(3);
    await settle();
    broker.close();
    expect([...probes, new Probe(broker, { view })].map(codeOf)).toEqual([14, 14, 14]);
    await clock.advance(2000);
    expect(clock.pending).toBe(0);
    expect(broker.metrics).toMatchObject({ watchers: 0, keys: 0 });
  });

  it('leaves nothing behind of a watcher that goes', async () => {
    const { broker, clock, view, publish } = setUp();
    const probe = new Probe(broker, { view });
    const snapshots = new Probe(broker, { view: snapshotsOnly() });
    for (const one of [probe, snapshots]) one.take(3);
    await settle();
    publish('a');
    await settle();
    publish('b');
    probe.stop();
    await settle();
    snapshots.stop();
    await settle();
    expect(probe.items).toHaveLength(2);
    expect([probe.isHeard, snapshots.isHeard]).toEqual([false, false]);
    expect(broker.metrics).toMatchObject({ watchers: 0, keys: 0, tailBytes: 0 });
    expect(clock.pending).toBe(0);
  });
});
