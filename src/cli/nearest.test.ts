import { describe, expect, it } from 'vitest';
import { didYouMean, nearest } from './nearest.js';

const words = ['start', 'stop', 'restart', 'status', 'logs'];

describe('the nearest word', () => {
  it.each([
    ['statsu', 'status'],
    ['stauts', 'status'],
    ['Log', 'logs'],
    ['strat', 'start'],
    ['restar', 'restart'],
  ])('of %s is %s', (typed, meant) => {
    expect(nearest(typed, words)).toBe(meant);
  });

  it('is none when nothing is close', () => {
    expect(nearest('deploy', words)).toBeUndefined();
    expect(nearest('xy', words)).toBeUndefined();
    expect(didYouMean('deploy', words)).toBe('');
  });
});
