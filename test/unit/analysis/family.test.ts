import { describe, expect, test } from 'vitest';
import { testFamily } from '../../../src/analysis/family.ts';

/** One hypothesis with t = `t` on 1e6 degrees, near enough to the normal distribution. */
const at = (t: number) => ({ mean: t, standardError: 1, df: 1e6 });

describe('testFamily', () => {
  test('answers in the order of the question, with holes where there was none', () => {
    const tested = testFamily([at(9), null, at(0), at(-9)]);
    expect(tested.map((one) => one?.slower)).toEqual([true, undefined, false, false]);
    expect(tested.map((one) => one?.faster)).toEqual([false, undefined, false, true]);
    expect(tested[1]).toBeNull();
    expect(testFamily([])).toEqual([]);
  });

  test('a hole is no hypothesis: it takes no error from the others', () => {
    expect(testFamily([at(0), null, null, at(0)]).map((one) => one?.alpha)).toEqual([
      0.005,
      undefined,
      undefined,
      0.005,
    ]);
  });

  test('what one cell alone would show is not enough among ten', () => {
    const p005 = at(2.576); // stats.norm.sf(2.576) = 0.004998
    expect(testFamily([p005])[0]?.slower).toBe(true);
    expect(testFamily([p005, ...Array.from({ length: 9 }, () => at(0))])[0]?.slower).toBe(false);
  });
});
