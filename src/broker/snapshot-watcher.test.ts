import { describe, expect, it } from 'vitest';
import { settle } from '../../test/support/manual-clock.js';
import { Probe, setUpToy, snapshotsOnly } from '../../test/support/toy-stream.js';

describe('a watch of snapshots', () => {
  it('gets the newest at intervals while text streams', async () => {
    const { broker, clock, publish } = setUpToy();
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
    const { broker, clock, publish } = setUpToy();
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
    const { broker, clock, publish } = setUpToy();
    const probe = new Probe(broker, { view: snapshotsOnly() });
    probe.take(9);
    await settle();
    await clock.advance(1000);
    publish('a');
    await settle();
    expect(probe.text).toBe('a');
  });

  it('gets every transition as a snapshot of its own, without delay, and then the end of the stream', async () => {
    const { broker, publish } = setUpToy();
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
    const { broker, clock, publish } = setUpToy();
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
    const { broker } = setUpToy();
    const probe = new Probe(broker, { view: snapshotsOnly() });
    probe.take(9);
    await settle();
    broker.remove('key');
    await settle();
    expect(probe.isComplete).toBe(true);
  });
});
