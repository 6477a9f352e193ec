import { describe, expect, it } from 'vitest';
import { settle } from '../../test/support/manual-clock.js';
import { codeOf, encode, Probe, setUpToy } from '../../test/support/toy-stream.js';
import { Code } from '../contract/errors.js';

describe('a broken feed', () => {
  it('is mended by loading anew when publications are missing: watchers go on from the log', async () => {
    const { broker, log, view, publish } = setUpToy();
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
    const { broker, log, view, publish } = setUpToy();
    const probe = new Probe(broker, { view });
    probe.take(9);
    await settle();
    publish('a');
    broker.publish('key', { firstRevision: 2, events: log.append('b').events.map(() => encode('!')) });
    for (let i = 0; i < 4; i++) await settle();
    expect(probe.text).toBe('ab');
  });

  it('ends the watches when loading does not mend it', async () => {
    const { broker, log, view, publish } = setUpToy();
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
