import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pairOf, quadsOf } from '../../../src/analysis/quads.ts';
import { block } from './make.ts';

function abba(candidate: number, baseline: number) {
  return [
    block('candidate', candidate),
    block('baseline', baseline),
    block('baseline', baseline),
    block('candidate', candidate),
  ];
}

describe('quads', () => {
  test('an incomplete quad is left out', () => {
    const blocks = [...abba(11, 10), ...abba(99, 10).slice(0, 3)];
    expect(quadsOf(blocks)).toHaveLength(1);
    expect(pairOf(quadsOf(blocks))?.wall).toBeCloseTo(Math.log(1.1), 12);
    expect(quadsOf(blocks.slice(0, 3))).toEqual([]);
  });

  test('the median over quads ignores one disturbed quad', () => {
    const blocks = [...abba(11, 10), ...abba(110, 10), ...abba(11, 10)];
    expect(pairOf(quadsOf(blocks))?.wall).toBeCloseTo(Math.log(1.1), 12);
  });

  test('each clock has its own', () => {
    const blocks = [
      block('baseline', 10, 5),
      block('candidate', 10, 6),
      block('candidate', 10, 6),
      block('baseline', 10, 5),
    ];
    const pair = pairOf(quadsOf(blocks));
    expect(pair?.wall).toBe(0);
    expect(pair?.cpu).toBeCloseTo(Math.log(1.2), 12);
  });

  test('a quad of one subject, or a clock that stood still, gives no pair', () => {
    const alone = Array.from({ length: 4 }, () => block('candidate', 10));
    expect(pairOf(quadsOf(alone))).toBeNull();
    expect(pairOf(quadsOf(abba(11, 10).map((one) => ({ ...one, cpuMs: 0 }))))).toBeNull();
    expect(pairOf([])).toBeNull();
  });

  test('a drift that multiplies block by block cancels', () => {
    const ms = fc.double({ min: 0.1, max: 1000, noNaN: true });
    fc.assert(
      fc.property(ms, ms, fc.double({ min: 0.5, max: 2, noNaN: true }), (candidate, baseline, drift) => {
        const drifting = abba(candidate, baseline).map((one, at) => block(one.role, one.wallMs * drift ** at));
        expect(pairOf(quadsOf(drifting))?.wall).toBeCloseTo(Math.log(candidate / baseline), 9);
      }),
    );
  });
});
