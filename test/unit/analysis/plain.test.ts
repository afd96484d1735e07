import { describe, expect, test } from 'vitest';
import { sameModel, withoutStatistics } from '../../../src/analysis/plain.ts';
import type { Failure } from '../../../src/types/measurement.ts';
import { paired, THRESHOLDS } from './make.ts';

const OUT_OF_MEMORY: Failure = { code: 'out-of-memory', message: '128 MB' };
const CELL = paired([0, 0, 0]);

describe('withoutStatistics', () => {
  test('the baseline ran and the candidate does not: regressed', () => {
    const found = withoutStatistics({ ...CELL, candidateFailure: OUT_OF_MEMORY });
    expect(found?.state).toBe('regressed');
    expect(found?.metrics.runs).toMatchObject({ state: 'regressed', note: 'out-of-memory: 128 MB', change: null });
  });

  test.each(['out-of-memory', 'timeout', 'crashed', 'conversion-failed', 'invalid-model', 'protocol'] as const)(
    '%s is the model’s own',
    (code) => {
      expect(withoutStatistics({ ...CELL, candidateFailure: { code, message: '' } })?.state).toBe('regressed');
    },
  );

  test.each(['throttled', 'artifact-mismatch'] as const)('%s blames no model', (code) => {
    expect(withoutStatistics({ ...CELL, candidateFailure: { code, message: '' } })?.state).toBe('inconclusive');
  });

  test('both failed, or nothing to compare with: unmeasured', () => {
    const failed = { ...CELL, candidateFailure: OUT_OF_MEMORY };
    expect(withoutStatistics({ ...failed, baselineFailure: OUT_OF_MEMORY })?.state).toBe('unmeasured');
    expect(withoutStatistics({ ...failed, baselineKey: null })?.state).toBe('unmeasured');
  });

  test('only the candidate ran: there is no baseline, and why', () => {
    const found = withoutStatistics({ ...CELL, baselineFailure: OUT_OF_MEMORY });
    expect(found?.state).toBe('no-baseline');
    expect(found?.metrics.runs?.note).toContain('128 MB');
    expect(withoutStatistics({ ...CELL, baselineKey: null })).toEqual({ state: 'no-baseline', metrics: {} });
  });

  test('both ran: statistics decide', () => {
    expect(withoutStatistics(CELL)).toBeNull();
  });
});

test('a model that is its baseline passes what is gated, with a change of 0', () => {
  const same = sameModel(THRESHOLDS);
  expect(same.state).toBe('pass');
  expect(Object.keys(same.metrics)).toEqual(['latency', 'cost']);
  expect(same.metrics.latency).toMatchObject({ state: 'pass', change: 0, low: 0, high: 0, threshold: 0.05 });
  expect(same.metrics.latency?.note).toBe('the same model');
});
