import { describe, expect, it } from 'vitest';
import { RestartBudget } from './restart-budget.js';

describe('RestartBudget', () => {
  it('allows ten restarts in ten minutes and no eleventh', () => {
    const budget = new RestartBudget();
    const taken = Array.from({ length: 11 }, (_, index) => budget.take(index * 1_000));
    expect(taken).toEqual([...Array.from({ length: 10 }, () => true), false]);
  });

  it('allows another once the oldest is ten minutes old', () => {
    const budget = new RestartBudget({ restarts: 2, windowMs: 600_000 });
    budget.take(0);
    budget.take(1);
    expect(budget.take(599_999)).toBe(false);
    expect(budget.take(600_000)).toBe(true);
  });

  it('forgets all after a reset', () => {
    const budget = new RestartBudget({ restarts: 1 });
    budget.take(0);
    budget.reset();
    expect(budget.take(0)).toBe(true);
  });
});
