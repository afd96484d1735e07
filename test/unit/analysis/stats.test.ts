import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  holm,
  interval,
  median,
  minimumDetectable,
  ofGroups,
  ofPairs,
  percentile,
  pGreater,
} from '../../../src/analysis/stats.ts';
import { tCdf, tQuantile } from '../../../src/analysis/student.ts';

// Reference figures: SciPy 1.x; each expression stands beside its figure.
const PAIRS = [0.012, 0.009, 0.015, 0.011, 0.008, 0.013];

describe("Student's distribution", () => {
  it('agrees with SciPy', () => {
    expect(tQuantile(1 - 0.00125, 5)).toBeCloseTo(5.6041654784981985, 9); // stats.t.ppf(1-.00125, 5)
    expect(tQuantile(0.8, 5)).toBeCloseTo(0.9195437802408271, 9); // stats.t.ppf(.8, 5)
    expect(tCdf(2.5, 3.7)).toBeCloseTo(0.9640889885440866, 9); // stats.t.cdf(2.5, 3.7)
  });
});

describe('paired values', () => {
  const estimated = ofPairs(PAIRS);
  it('agree with SciPy', () => {
    if (estimated === null) throw new Error('no estimate');
    expect(estimated.mean).toBeCloseTo(0.011333333333333334, 12); // np.mean(a)
    expect(estimated.standardError).toBeCloseTo(0.0010540925533894599, 12); // stats.sem(a)
    expect(pGreater(estimated)).toBeCloseTo(6.031796877800285e-5, 9); // stats.ttest_1samp(a, 0, alternative='greater').pvalue
    expect(interval(estimated, 0.95).low).toBeCloseTo(0.008623702162510887, 9); // stats.t.interval(.95, 5, mean, sem)
    expect(interval(estimated, 0.95).high).toBeCloseTo(0.014042964504155781, 9);
    expect(minimumDetectable(estimated, 0.00125)).toBeCloseTo(0.00687659335011468, 9); // (t.ppf(1-.00125, 5) + t.ppf(.8, 5)) * sem
  });

  it('have no estimate below two', () => {
    expect(ofPairs([])).toBeNull();
    expect(ofPairs([1])).toBeNull();
  });

  it('without any spread are certain', () => {
    const certain = ofPairs([0.1, 0.1, 0.1]);
    if (certain === null) throw new Error('no estimate');
    const exact = { ...certain, standardError: 0 };
    expect(pGreater(exact)).toBe(0);
    expect(pGreater({ ...exact, mean: -0.1 })).toBe(1);
    expect(pGreater({ ...exact, mean: 0 })).toBe(0.5);
    expect(interval(exact, 0.95)).toEqual({ low: exact.mean, high: exact.mean });
  });
});

describe('two groups', () => {
  const x = [2.1, 2.3, 2.2, 2.5];
  const y = [1.9, 2.0, 2.4, 1.8, 2.1];
  it("agree with SciPy's Welch test", () => {
    const estimated = ofGroups(x, y);
    if (estimated === null) throw new Error('no estimate');
    expect(estimated.df).toBeCloseTo(6.987386268495029, 9); // stats.ttest_ind(x, y, equal_var=False).df
    expect(estimated.mean / estimated.standardError).toBeCloseTo(1.7568814730879683, 9); // .statistic
    expect(pGreater(estimated)).toBeCloseTo(0.061217607607373374, 9); // alternative='greater'
  });

  it('believe in no spread below the resolution', () => {
    const floored = ofGroups([1, 1, 1], [1, 1, 1], 0.1);
    expect(floored?.standardError).toBeCloseTo(Math.sqrt((0.01 * 2) / 3), 12);
    expect(floored?.df).toBeCloseTo(4, 9);
  });
});

describe('percentiles', () => {
  it("agree with numpy's", () => {
    const sorted = [1, 1, 2, 3, 4, 5, 6, 9] as const; // np.percentile([3,1,4,1,5,9,2,6], q)
    expect([0.5, 0.9, 0.99].map((share) => percentile(sorted, share))).toEqual([
      3.5,
      expect.closeTo(6.9, 9),
      expect.closeTo(8.79, 9),
    ]);
    expect(median([3, 1, 4, 1, 5, 9, 2, 6])).toBe(3.5);
  });
});

describe("Holm's procedure", () => {
  it('steps down', () => {
    // 0.004 <= 0.01/4? no: nothing else is looked at after the first that is not.
    expect(holm([0.001, 0.004, 0.002, 0.5], 0.01)).toEqual([true, true, true, false]);
    expect(holm([0.003, 0.001, 0.02], 0.01)).toEqual([true, true, false]);
    expect(holm([0.006, 0.0001], 0.01)).toEqual([true, true]);
    expect(holm([0.006, 0.006], 0.01)).toEqual([false, false]);
  });

  it('rejects a superset where the error is larger, and never more than without correction', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }), (ps) => {
        const strict = holm(ps, 0.01);
        const loose = holm(ps, 0.05);
        ps.forEach((p, at) => {
          if (strict[at]) expect(loose[at]).toBe(true);
          if (loose[at]) expect(p).toBeLessThanOrEqual(0.05);
        });
      }),
    );
  });
});
