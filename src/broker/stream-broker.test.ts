import { describe, expect, it } from 'vitest';
import { settle } from '../../test/support/manual-clock.js';
import { codeOf, Probe, setUpToy, snapshotsOnly, ToyLog } from '../../test/support/toy-stream.js';
import { Code, StigmerError } from '../contract/errors.js';

describe('a watch of deltas', () => {
  it('begins with a snapshot and goes on with every event of a turn in one item', async () => {
    const { broker, view, publish } = setUpToy();
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
    const { broker, view, publish } = setUpToy();
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
    const { broker, log, view, publish } = setUpToy();
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
    const { broker, log, view } = setUpToy();
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
    const { broker, view, publish } = setUpToy();
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
    const { broker, view, publish } = setUpToy();
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
    const { broker, log, view } = setUpToy();
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
    const { broker, view, publish } = setUpToy();
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
    const { broker, log, view, publish } = setUpToy();
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
    const { broker, log, view } = setUpToy();
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

describe('encoding', () => {
  it('happens once for all watchers of a view, whichever the item', async () => {
    const { broker, clock, view, publish } = setUpToy();
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
    const { broker, view } = setUpToy({ watchersPerKey: 1, watchers: 2 });
    void new Probe(broker, { view });
    const second = new Probe(broker, { view });
    expect(codeOf(second)).toBe(Code.RESOURCE_EXHAUSTED);
    expect(second.error?.message).toBe('key has 2 watchers, the limit is 1 watchers');
    void new Probe(broker, { view }, 'other');
    expect(new Probe(broker, { view }, 'third').error?.message).toBe('the server has 3 watchers, the limit is 2 watchers');
  });

  it('keeps the tails of all keys within their bound', async () => {
    const { broker, log, view } = setUpToy({ totalTailBytes: 100 });
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

describe('closing', () => {
  it('ends every watch as unavailable and lets nobody in', async () => {
    const { broker, clock, view } = setUpToy();
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
    const { broker, clock, view, publish } = setUpToy();
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
