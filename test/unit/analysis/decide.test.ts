import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asRatio, decide, ratioInterval, type Tested } from '../../../src/analysis/decide.ts';

const NEITHER: Tested = { slower: false, faster: false, alpha: 0.01 };
const SLOWER: Tested = { ...NEITHER, slower: true };
const FASTER: Tested = { ...NEITHER, faster: true };

/** An estimate of so many per cent, with a 95 % interval about twice `error` wide on either side. */
function estimate(change: number, error: number) {
  return { mean: Math.log(1 + change), standardError: error, df: 5 };
}

describe('decide', () => {
  test('regressed takes both: the rejection and the size', () => {
    expect(decide(estimate(0.1, 0.005), SLOWER, 0.05).state).toBe('regressed');
    expect(decide(estimate(0.1, 0.05), NEITHER, 0.05).state).toBe('inconclusive');
    expect(decide(estimate(0.02, 0.001), SLOWER, 0.05).state).toBe('pass');
    expect(decide(estimate(0.045, 0.005), SLOWER, 0.05).state).toBe('inconclusive');
  });

  test('pass takes an upper bound under the limit', () => {
    expect(decide(estimate(0, 0.01), NEITHER, 0.05).state).toBe('pass');
    expect(decide(estimate(0, 0.03), NEITHER, 0.05).state).toBe('inconclusive');
  });

  test('improved takes the opposite rejection and the size; less is a pass', () => {
    expect(decide(estimate(-0.1, 0.005), FASTER, 0.05).state).toBe('improved');
    expect(decide(estimate(-0.03, 0.005), FASTER, 0.05).state).toBe('pass');
    expect(decide(estimate(-0.1, 0.005), NEITHER, 0.05).state).toBe('pass');
  });

  test('without a limit it is shown, and passes', () => {
    const shown = decide(estimate(0.5, 0.005), SLOWER, null);
    expect(shown.state).toBe('pass');
    expect(shown.change).toBeCloseTo(0.5, 12);
    expect(shown.threshold).toBeNull();
  });

  test('a limit of 0 takes every slowdown that is proven', () => {
    expect(decide(estimate(0.001, 0.00001), SLOWER, 0).state).toBe('regressed');
  });

  test('all figures go through the metric', () => {
    const own = decide(estimate(0.1, 0.01), NEITHER, 0.05);
    const half = decide(estimate(0.1, 0.01), NEITHER, 0.05, (ratio) => ratio / 2);
    for (const key of ['change', 'low', 'high', 'minimumDetectable'] as const) {
      expect(half[key]).toBeCloseTo((own[key] ?? Number.NaN) / 2, 12);
    }
  });
});

test('the interval holds the change, and its ends swap when the models do', () => {
  const share = fc.double({ min: -0.6, max: 0.6, noNaN: true });
  const error = fc.double({ min: 0, max: 0.1, noNaN: true });
  fc.assert(
    fc.property(share, error, fc.integer({ min: 2, max: 30 }), (mean, standardError, df) => {
      const { low, high } = ratioInterval({ mean, standardError, df });
      expect(low).toBeLessThanOrEqual(asRatio(mean));
      expect(high).toBeGreaterThanOrEqual(asRatio(mean));
      const swapped = ratioInterval({ mean: -mean, standardError, df });
      expect((1 + swapped.low) * (1 + high)).toBeCloseTo(1, 9);
    }),
  );
});
