import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { ReportWindow } from './report-window.js';

const ignore = { taken: () => undefined, refused: () => undefined };

describe('ReportWindow', () => {
  it('is full when as much is under way as it allows, and opens with what is taken', async () => {
    const window = new ReportWindow(new ManualClock());
    let take = (): void => undefined;
    window.add(window.size, new Promise((resolve) => (take = resolve)), ignore);
    expect(window.full).toBe(true);
    const room = window.room();
    take();
    await room;
    await window.drained();
    expect(window.full).toBe(false);
  });

  it('narrows while commits are slow, and opens again when they are not', async () => {
    const clock = new ManualClock();
    const window = new ReportWindow(clock);
    const largest = window.size;
    const commit = async (ms: number): Promise<void> => {
      let take = (): void => undefined;
      window.add(1, new Promise((resolve) => (take = resolve)), ignore);
      await clock.advance(ms);
      take();
      await window.drained();
    };
    await commit(500);
    expect(window.size).toBe(largest / 2);
    for (let n = 0; n < 10; n += 1) await commit(500);
    expect(window.size).toBe(32);
    for (let n = 0; n < 100; n += 1) await commit(1);
    expect(window.size).toBe(largest);
  });

  it('tells the first refusal only', async () => {
    const window = new ReportWindow(new ManualClock());
    const refused: string[] = [];
    const outcome = { taken: () => undefined, refused: (error: Error) => void refused.push(error.message) };
    window.add(1, Promise.reject(new Error('first')), outcome);
    window.add(1, Promise.reject(new Error('second')), outcome);
    await window.drained();
    expect(refused).toEqual(['first']);
    expect(window.failure?.message).toBe('first');
  });
});
