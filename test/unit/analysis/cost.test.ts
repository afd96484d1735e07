import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costChange, costIndex, costPerMillionUsd, throughputPerSecond } from '../../../src/analysis/cost.ts';
import { bestOf, type Point, paretoSet } from '../../../src/analysis/pareto.ts';
import { PRICES, pricesOf } from '../../../src/analysis/prices.ts';
import { CONFIG } from '../../support/measurements.ts';

const prices = pricesOf('us-east-1', '--aws-region');

describe('cost', () => {
  it('is latency × memory × price and the request fee, per million items', () => {
    // 10 ms at 1 GB on x86_64: 1e6 × 0.01 s × 0.0000166667 USD + 0.20 USD
    expect(costPerMillionUsd({ ...CONFIG, memoryMb: 1024 }, 10, prices)).toBeCloseTo(0.366667, 6);
    expect(costPerMillionUsd({ ...CONFIG, memoryMb: 1024, hardware: 'arm64' }, 10, prices)).toBeCloseTo(0.333334, 6);
    expect(costPerMillionUsd({ ...CONFIG, memoryMb: 1024, batch: 8 }, 10, prices)).toBeCloseTo(0.366667 / 8, 6);
    expect(throughputPerSecond({ ...CONFIG, batch: 8 }, 40)).toBe(200);
  });

  it('is dearer where AWS is', () => {
    const africa = pricesOf('af-south-1', '--aws-region');
    expect(costPerMillionUsd({ ...CONFIG, memoryMb: 1024 }, 10, africa)).toBeCloseTo(0.421, 6);
    expect(Object.keys(PRICES)).toContain('eu-west-1');
    expect(() => pricesOf('mars-north-1', '--aws-region')).toThrow('expected one of af-south-1');
    expect(() => pricesOf('__proto__', '--aws-region')).toThrow('no known Lambda prices');
  });

  it('changes in the direction of latency and by less, for the fee', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 1e4, noNaN: true }),
        fc.double({ min: -0.9, max: 5, noNaN: true }),
        (ms, change) => {
          const cost = costChange(CONFIG, ms, change, prices);
          expect(Math.sign(Math.round(cost * 1e12))).toBe(
            Math.sign(Math.round(cost * 1e12)) === 0 ? 0 : Math.sign(change),
          );
          expect(Math.abs(cost)).toBeLessThanOrEqual(Math.abs(change) + 1e-12);
        },
      ),
    );
  });

  it("has the paper's index: half the memory at twice the latency costs the same", () => {
    expect(costIndex(2048, 10, 10)).toBe(1);
    expect(costIndex(1024, 20, 10)).toBe(1);
    expect(costIndex(4096, 8, 10)).toBe(1.6);
  });
});

describe('the choice between configurations', () => {
  const point = (latencyMs: number, cost: number, batch = 1): Point => ({
    config: { ...CONFIG, batch },
    latencyMs,
    cost,
  });
  const [fast, cheap, beaten, middle] = [point(5, 4, 1), point(20, 1, 2), point(21, 4, 3), point(8, 1.5, 4)];

  it('leaves out what is beaten in both', () => {
    expect([...paretoSet([fast, cheap, beaten, middle])]).toEqual([fast, cheap, middle]);
    expect(paretoSet([fast, point(5, 4, 9)]).size).toBe(2);
  });

  it('names cheapest, fastest and the balance of both', () => {
    expect(bestOf([fast, cheap, beaten, middle])).toEqual({
      cheapest: cheap.config,
      fastest: fast.config,
      balanced: middle.config,
    });
    expect(bestOf([])).toEqual({ cheapest: null, fastest: null, balanced: null });
  });

  it('never has a member that another point beats', () => {
    const points = fc.array(fc.record({ l: fc.integer({ min: 1, max: 9 }), c: fc.integer({ min: 1, max: 9 }) }), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(points, (drawn) => {
        const all = drawn.map(({ l, c }) => point(l, c));
        const set = paretoSet(all);
        expect(set.size).toBeGreaterThan(0);
        for (const one of set)
          expect(all.some((other) => other.latencyMs < one.latencyMs && other.cost < one.cost)).toBe(false);
      }),
    );
  });
});
