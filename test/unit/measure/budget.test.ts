import { describe, expect, it } from 'vitest';
import { Budget } from '../../../src/measure/budget.ts';

const limits = { maxCalls: 3, maxMinutes: 10, maxSpendUsd: 1 };

describe('a budget', () => {
  it('ends with its calls', () => {
    const budget = new Budget(limits, () => 0);
    for (let call = 0; call < 3; call += 1) {
      expect(budget.exhausted()).toBeNull();
      budget.start()(0);
    }
    expect(budget.exhausted()).toBe('the budget of max-calls 3 is used up');
  });

  it('ends with its time', () => {
    let now = 5;
    const budget = new Budget(limits, () => now);
    now = 5 + 600_000 - 1;
    expect(budget.exhausted()).toBeNull();
    now += 1;
    expect(budget.exhausted()).toBe('the time of max-minutes is used up');
  });

  it('ends with its money, calls that are running counted at the dearest price so far', () => {
    const budget = new Budget({ ...limits, maxCalls: 100 }, () => 0);
    budget.start()(0.4);
    const end = budget.start();
    expect(budget.exhausted()).toBeNull();
    const other = budget.start();
    expect(budget.exhausted()).toBe('the budget of max-spend-usd 1 is used up');
    end(0.1);
    other(0.1);
    expect(budget.exhausted()).toBeNull();
    expect(budget.spentUsd).toBeCloseTo(0.6, 12);
    budget.start()(0.4);
    expect(budget.exhausted()).not.toBeNull();
  });
});
