import { describe, expect, test } from 'vitest';
import { outputMetric } from '../../../src/analysis/metrics.ts';
import type { OutputComparison } from '../../../src/types/measurement.ts';
import { paired } from './make.ts';

const SAME: OutputComparison = { maxAbsoluteDifference: 0, relativeDifference: 0, varies: true, problem: null };

describe('outputMetric', () => {
  const judged = (outputChange: OutputComparison | null, limit: number | null = 0.01) =>
    outputMetric(paired([0, 0, 0], { outputChange }), limit);

  test('within the limit, at it and over it', () => {
    expect(judged(SAME)).toMatchObject({ state: 'pass', change: 0, threshold: 0.01 });
    expect(judged({ ...SAME, relativeDifference: 0.01 })?.state).toBe('pass');
    expect(judged({ ...SAME, relativeDifference: 0.011 })?.state).toBe('regressed');
  });

  test('an output that never changes decides nothing, unless it differs', () => {
    expect(judged({ ...SAME, varies: false })).toMatchObject({ state: 'inconclusive' });
    expect(judged({ ...SAME, varies: false, relativeDifference: 0.5 })?.state).toBe('regressed');
  });

  test('what cannot be compared has changed; what was not compared is not decided', () => {
    const other = { maxAbsoluteDifference: null, relativeDifference: null, varies: true, problem: 'other shapes' };
    expect(judged(other)).toMatchObject({ state: 'regressed', note: 'other shapes' });
    expect(judged({ ...SAME, problem: 'other shapes' })?.state).toBe('regressed');
    expect(judged(null)?.state).toBe('inconclusive');
  });

  test('not gated: not judged', () => {
    expect(judged({ ...SAME, relativeDifference: 1 }, null)).toBeNull();
  });
});
