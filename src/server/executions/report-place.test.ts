import { describe, expect, it } from 'vitest';
import { executionEvent } from '../../execution/event.js';
import type { Update } from '../../execution/update.js';
import { placeReport } from './report-place.js';

const events = (count: number): Update => ({ type: 'events', events: Array.from({ length: count }, () => executionEvent('detailsChanged', {})) });
const countOf = (placed: ReturnType<typeof placeReport>) => (placed?.update.type === 'events' ? placed.update.events.length : undefined);

describe('placeReport', () => {
  it('takes what follows the logged source', () => {
    const placed = placeReport(events(3), { attempt: 1, firstSequence: 1 }, undefined);
    expect(placed?.source).toEqual({ attempt: 1, sequence: 3 });
    expect(countOf(placed)).toBe(3);
  });

  it('leaves out what the log has, in part or whole', () => {
    const logged = { attempt: 2, sequence: 5 };
    expect(countOf(placeReport(events(4), { attempt: 2, firstSequence: 4 }, logged))).toBe(2);
    expect(placeReport(events(2), { attempt: 2, firstSequence: 4 }, logged)).toBeUndefined();
  });

  it('begins anew with a new attempt, and refuses a lower one', () => {
    const logged = { attempt: 2, sequence: 5 };
    expect(placeReport(events(1), { attempt: 3, firstSequence: 1 }, logged)?.source).toEqual({ attempt: 3, sequence: 1 });
    expect(() => placeReport(events(1), { attempt: 1, firstSequence: 6 }, logged)).toThrow(/given up on/);
  });

  it('refuses a gap, naming the sequence number that is expected', () => {
    expect(() => placeReport(events(1), { attempt: 1, firstSequence: 3 }, { attempt: 1, sequence: 1 })).toThrow(/at most 2/);
    expect(() => placeReport(events(1), { attempt: 2, firstSequence: 2 }, { attempt: 1, sequence: 1 })).toThrow(/at most 1/);
  });

  it('passes what is no report', () => {
    expect(placeReport({ type: 'cancel-request' }, undefined, { attempt: 1, sequence: 1 })).toEqual({ update: { type: 'cancel-request' } });
  });
});
