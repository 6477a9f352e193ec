import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from './clock.js';

describe('systemClock', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('calls back once after the delay', () => {
    const fired = vi.fn();
    systemClock.setTimer(1000, fired);
    vi.advanceTimersByTime(999);
    expect(fired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(10_000);
    expect(fired).toHaveBeenCalledOnce();
  });

  it('does not call back once it is cleared', () => {
    const fired = vi.fn();
    systemClock.setTimer(1000, fired)();
    vi.advanceTimersByTime(10_000);
    expect(fired).not.toHaveBeenCalled();
  });

  it('waits out a delay that is longer than setTimeout can', () => {
    const fired = vi.fn();
    const days = 60 * 24 * 3600 * 1000;
    systemClock.setTimer(days, fired);
    vi.advanceTimersByTime(days - 1);
    expect(fired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(fired).toHaveBeenCalledOnce();
  });

  it('clears a long delay after its first part', () => {
    const fired = vi.fn();
    const days = 60 * 24 * 3600 * 1000;
    const clear = systemClock.setTimer(days, fired);
    vi.advanceTimersByTime(days / 2);
    clear();
    vi.advanceTimersByTime(days);
    expect(fired).not.toHaveBeenCalled();
  });
});
