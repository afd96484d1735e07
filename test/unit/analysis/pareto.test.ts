import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bestOf, type Point, paretoSet } from '../../../src/analysis/pareto.ts';
import { CONFIG } from './make.ts';

function point(latencyMs: number, cost: number, memoryMb = 128): Point {
  return { config: { ...CONFIG, memoryMb }, latencyMs, cost };
}

const small = fc.integer({ min: 1, max: 6 });
const points = fc.array(
  fc.tuple(small, small).map(([latencyMs, cost]) => point(latencyMs, cost)),
  { minLength: 1, maxLength: 12 },
);

function isBeaten(a: Point, by: Point): boolean {
  return by.latencyMs <= a.latencyMs && by.cost <= a.cost && (by.latencyMs < a.latencyMs || by.cost < a.cost);
}

describe('paretoSet', () => {
  test('keeps what is better in something', () => {
    const [fast, cheap, worse] = [point(1, 5), point(5, 1), point(5, 5)];
    expect([...paretoSet([fast, cheap, worse])]).toEqual([fast, cheap]);
  });

  test('equals stay; the same latency for more money goes', () => {
    const [a, b, dear] = [point(2, 2), point(2, 2), point(2, 3)];
    expect([...paretoSet([a, b, dear])]).toEqual([a, b]);
    expect(paretoSet([]).size).toBe(0);
  });

  test('no member is beaten, and every other one is beaten by a member', () => {
    fc.assert(
      fc.property(points, (all) => {
        const members = [...paretoSet(all)];
        expect(members.length).toBeGreaterThan(0);
        for (const one of all) {
          const beaten = members.some((member) => isBeaten(one, member));
          expect(beaten).toBe(!members.includes(one));
        }
      }),
    );
  });
});

describe('bestOf', () => {
  test('cheapest, fastest and between', () => {
    const all = [point(1, 10, 3008), point(2, 2, 1769), point(10, 1, 512)];
    expect(bestOf(all)).toEqual({ cheapest: all[2]?.config, fastest: all[0]?.config, balanced: all[1]?.config });
  });

  test('nothing to choose from', () => {
    expect(bestOf([])).toEqual({ cheapest: null, fastest: null, balanced: null });
  });

  test('balanced does not depend on the units', () => {
    // Powers of two only: they scale without rounding, which would break ties differently.
    fc.assert(
      fc.property(points, (all) => {
        const named = all.map((one, at) => ({ ...one, config: { ...CONFIG, memoryMb: 128 + at } }));
        const scaled = named.map((one) => ({ ...one, latencyMs: one.latencyMs * 1024, cost: one.cost / 64 }));
        expect(bestOf(scaled)).toEqual(bestOf(named));
      }),
    );
  });
});
