import { describe, expect, it } from 'vitest';
import { Backoff } from './backoff.js';

describe('Backoff', () => {
  it('doubles from one second to one minute', () => {
    const backoff = new Backoff(() => 1);
    expect(Array.from({ length: 9 }, () => backoff.next())).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('draws each wait between half and all of its value', () => {
    expect(new Backoff(() => 0).next()).toBe(500);
    expect(new Backoff(() => 0.5).next()).toBe(750);
  });

  it('starts again after a reset', () => {
    const backoff = new Backoff(() => 1, { firstMs: 10, maxMs: 100 });
    backoff.next();
    backoff.next();
    backoff.reset();
    expect(backoff.next()).toBe(10);
  });
});
