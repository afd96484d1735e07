import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  holm,
  interval,
  isNumbers,
  mean,
  median,
  minimumDetectable,
  ofGroups,
  ofPairs,
  percentile,
  pGreater,
  variance,
} from '../../../src/analysis/stats.ts';
import { tCdf, tQuantile } from '../../../src/analysis/student.ts';

// Golden values: scipy 1.17.1, numpy; the expression stands beside each.
const Y = [0.012, -0.004, 0.021, 0.008, 0.015, 0.003];
const A = [10.1, 9.8, 10.4, 10.0, 9.9, 10.7] as const;
const B = [9.2, 9.5, 9.1, 9.9, 9.4];
const SORTED = [9.8, 9.9, 10.0, 10.1, 10.4, 10.7] as const;

/** Spread-out values: identical ones are tested by themselves. */
const value = fc.double({ min: -1, max: 1, noNaN: true, noDefaultInfinity: true });
const values = fc.array(value, { minLength: 3, maxLength: 12 });

function present<T>(of: T | null): T {
  if (of === null) throw new Error('expected an estimate, got null');
  return of;
}

describe('order statistics', () => {
  // np.percentile(sorted(a), q * 100), method 'linear' = type 7
  test.each([
    [0, 9.8],
    [0.1, 9.85],
    [0.5, 10.05],
    [0.9, 10.55],
    [0.99, 10.685],
    [1, 10.7],
  ])('percentile %d is %d', (share, expected) => {
    expect(percentile(SORTED, share)).toBeCloseTo(expected, 12);
  });

  test('one value is every percentile', () => {
    for (const share of [0, 0.5, 0.99, 1]) expect(percentile([3], share)).toBe(3);
  });

  test('median sorts numbers, not words, and leaves its argument alone', () => {
    const given = [10, 9, 100] as const;
    expect(median(given)).toBe(10);
    expect(given).toEqual([10, 9, 100]);
  });

  test('percentiles rise with the share and stay inside', () => {
    fc.assert(
      fc.property(
        values,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (all, p, q) => {
          const sorted = [...all].sort((x, y) => x - y);
          if (!isNumbers(sorted)) throw new Error('empty');
          const [low, high] = [percentile(sorted, Math.min(p, q)), percentile(sorted, Math.max(p, q))];
          expect(low).toBeLessThanOrEqual(high + 1e-12);
          expect(low).toBeGreaterThanOrEqual(sorted[0] - 1e-12);
          expect(high).toBeLessThanOrEqual((sorted.at(-1) ?? 0) + 1e-12);
        },
      ),
    );
  });

  test('mean and variance', () => {
    expect(mean(A)).toBeCloseTo(10.15, 12);
    expect(variance(A)).toBeCloseTo(0.115, 12); // np.var(a, ddof=1)
    expect(variance([7])).toBe(0);
  });
});

describe("Student's t", () => {
  // stats.t.ppf(p, df)
  test.each([
    [0.975, 5, 2.5705818356363146],
    [0.99, 5, 3.3649299989072174],
    [0.99875, 5, 5.6041654784981985],
    [0.8, 5, 0.9195437802408271],
    [0.995, 8.7, 3.27840436414785],
    [0.9999, 2, 70.70007107496818],
  ])('quantile of %d on %d degrees', (p, df, expected) => {
    expect(tQuantile(p, df) / expected).toBeCloseTo(1, 8);
  });

  // stats.t.cdf(t, df)
  test.each([
    [1.5, 5, 0.9030481598787634],
    [-3.2, 8.7, 0.005655524508991992],
    [-40, 5, 9.205981085886477e-8],
    [0, 3, 0.5],
    [-200, 20, 8.562418139635026e-35],
  ])('P(T ≤ %d) on %d degrees', (t, df, expected) => {
    expect(tCdf(t, df) / expected).toBeCloseTo(1, 8);
  });
});

describe('one group', () => {
  const estimated = present(ofPairs(Y));

  test('mean, standard error, degrees of freedom', () => {
    expect(estimated.mean).toBeCloseTo(0.009166666666666668, 15); // np.mean(y)
    expect(estimated.standardError).toBeCloseTo(0.0036278245700572557, 15); // stats.sem(y)
    expect(estimated.df).toBe(5);
  });

  test('p, interval and detectable difference', () => {
    expect(pGreater(estimated)).toBeCloseTo(0.026368737036134626, 10); // ttest_1samp(y, 0, alternative='greater')
    const { low, high } = interval(estimated, 0.95); // stats.t.interval(.95, 5, loc=mean, scale=sem)
    expect(low).toBeCloseTo(-0.00015895327599763608, 12);
    expect(high).toBeCloseTo(0.01849228660933097, 12);
    // (stats.t.ppf(1 - .01/8, 5) + stats.t.ppf(.8, 5)) * stats.sem(y)
    expect(minimumDetectable(estimated, 0.01 / 8)).toBeCloseTo(0.02366687273676344, 10);
  });

  test('too few values are null', () => {
    expect(ofPairs([])).toBeNull();
    expect(ofPairs([1])).toBeNull();
    expect(ofGroups([1], [1, 2])).toBeNull();
    expect(ofGroups([1, 2], [])).toBeNull();
  });

  test.each([
    [0.25, 0],
    [-0.25, 1],
    [0, 0.5],
  ])('without spread, a mean of %d has p = %d', (same, p) => {
    const flat = present(ofPairs([same, same, same]));
    expect(flat.standardError).toBe(0);
    expect(pGreater(flat)).toBe(p);
    expect(interval(flat, 0.95)).toEqual({ low: same, high: same });
    expect(minimumDetectable(flat, 0.01)).toBe(0);
  });

  test('a p far below what 1 − P can hold is not rounded to 0', () => {
    const p = pGreater({ mean: 200, standardError: 1, df: 20 });
    expect(p / 8.562418139635026e-35).toBeCloseTo(1, 6); // stats.t.sf(200, 20)
  });
});

describe('two groups', () => {
  test('Welch with Satterthwaite', () => {
    const estimated = present(ofGroups(A, B)); // ttest_ind(a, b, equal_var=False)
    expect(estimated.mean).toBeCloseTo(0.73, 12);
    expect(estimated.df).toBeCloseTo(8.876629577072526, 10);
    expect(estimated.mean / estimated.standardError).toBeCloseTo(3.717207528023673, 10);
    expect(pGreater(estimated)).toBeCloseTo(0.002454085737996458, 10); // alternative='greater'
    const { low, high } = interval(estimated, 0.95); // .confidence_interval(.95)
    expect(low).toBeCloseTo(0.28480560321848325, 9);
    expect(high).toBeCloseTo(1.1751943967815177, 9);
  });

  test('a floor is the least spread that is believed', () => {
    const flat = present(ofGroups([5, 5, 5], [4, 4, 4], 1));
    expect(flat.standardError).toBeCloseTo(Math.sqrt(2 / 3), 12);
    expect(flat.df).toBeCloseTo(4, 12);
    const none = present(ofGroups([5, 5, 5], [4, 4, 4]));
    expect([none.standardError, none.df, pGreater(none)]).toEqual([0, 4, 0]);
  });
});

describe('properties', () => {
  test('nothing is NaN, whatever the values', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        for (const estimated of [present(ofPairs(a)), present(ofGroups(a, b))]) {
          const { low, high } = interval(estimated, 0.95);
          const all = [pGreater(estimated), low, high, minimumDetectable(estimated, 0.001)];
          expect(all.filter(Number.isNaN)).toEqual([]);
          expect(low).toBeLessThanOrEqual(high);
        }
      }),
    );
  });

  test('p does not depend on the unit, and turns around with the sign', () => {
    const integers = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 3, maxLength: 10 });
    fc.assert(
      fc.property(integers, fc.integer({ min: 1, max: 40 }), (all, power) => {
        const p = pGreater(present(ofPairs(all)));
        expect(pGreater(present(ofPairs(all.map((one) => one * 2 ** power))))).toBeCloseTo(p, 9);
        expect(pGreater(present(ofPairs(all.map((one) => -one))))).toBeCloseTo(1 - p, 9);
      }),
    );
  });
});

describe('Holm', () => {
  const p = fc.double({ min: 0, max: 1, noNaN: true });

  test('as statsmodels does', () => {
    // multipletests([...], alpha=a, method='holm')[0], statsmodels 0.15.0
    const ps = [0.004, 0.03, 0.0001, 0.2, 0.0024, 0.0026];
    expect(holm(ps, 0.01)).toEqual([false, false, true, false, false, false]);
    expect(holm(ps, 0.05)).toEqual([true, false, true, false, true, true]);
    expect(holm([], 0.01)).toEqual([]);
  });

  test('stops at the first that is not rejected, although a later one would pass by itself', () => {
    expect(holm([0.006, 0.009], 0.01)).toEqual([false, false]);
    expect(holm([0.004, 0.009], 0.01)).toEqual([true, true]);
  });

  test('rejects at least what Bonferroni does, at most what no correction does, the smaller p first', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(p, fc.double({ min: 0, max: 0.02, noNaN: true })), { minLength: 1, maxLength: 12 }),
        (ps) => {
          const rejected = holm(ps, 0.01);
          for (const [i, own] of ps.entries()) {
            if (own <= 0.01 / ps.length) expect(rejected[i]).toBe(true);
            if (own > 0.01) expect(rejected[i]).toBe(false);
            for (const [j, other] of ps.entries()) if (other < own && rejected[i]) expect(rejected[j]).toBe(true);
          }
        },
      ),
    );
  });

  test('a smaller p never takes a rejection away, of any hypothesis', () => {
    const small = fc.array(fc.double({ min: 0, max: 0.02, noNaN: true }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(small, fc.nat(), (ps, which) => {
        const at = which % ps.length;
        const before = holm(ps, 0.01);
        const after = holm(
          ps.map((one, index) => (index === at ? one / 2 : one)),
          0.01,
        );
        for (const [index, was] of before.entries()) if (was) expect(after[index]).toBe(true);
      }),
    );
  });
});
