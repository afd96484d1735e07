import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  costChange,
  costIndex,
  costPerMillionUsd,
  pricePerMs,
  throughputPerSecond,
} from '../../../src/analysis/cost.ts';
import { pricesOf } from '../../../src/analysis/prices.ts';
import { CONFIG } from './make.ts';

const PRICES = pricesOf('us-east-1', 'region');
const AT_1024 = { ...CONFIG, memoryMb: 1024 };
const ms = fc.double({ min: 0.1, max: 1e5, noNaN: true });
const memoryMb = fc.integer({ min: 128, max: 10_240 });

describe('cost', () => {
  test('a second at 1 GB costs what the table says', () => {
    expect(pricePerMs(AT_1024, PRICES) * 1000).toBeCloseTo(0.0000166667, 15);
    expect(pricePerMs({ ...AT_1024, memoryMb: 512 }, PRICES) * 1000).toBeCloseTo(0.00000833335, 15);
  });

  test('a million inferences of 100 ms at 1 GB: 1.66667 of time and 0.20 of requests', () => {
    expect(costPerMillionUsd(AT_1024, 100, PRICES)).toBeCloseTo(1.86667, 10);
    expect(costPerMillionUsd({ ...AT_1024, hardware: 'arm64' }, 100, PRICES)).toBeCloseTo(1.53334, 10);
  });

  test('a batch shares its time and its request', () => {
    expect(costPerMillionUsd({ ...AT_1024, batch: 4 }, 100, PRICES)).toBeCloseTo(1.86667 / 4, 10);
    expect(throughputPerSecond({ ...AT_1024, batch: 4 }, 100)).toBe(40);
  });

  test('costIndex is the paper’s: twice the memory at half the latency costs the same', () => {
    expect(costIndex(2048, 100, 100)).toBe(1);
    expect(costIndex(4096, 50, 100)).toBe(1);
    expect(costIndex(1024, 300, 100)).toBe(1.5);
  });
});

describe('costChange', () => {
  test('the fee dampens: 10 % of 1.66667 on 1.86667', () => {
    expect(costChange(AT_1024, 100, 0.1, PRICES)).toBeCloseTo(0.166667 / 1.86667, 10);
  });

  test('has the sign of the change of latency and never its size', () => {
    fc.assert(
      fc.property(ms, memoryMb, fc.double({ min: -0.9, max: 5, noNaN: true }), (baseline, memory, change) => {
        const own = costChange({ ...CONFIG, memoryMb: memory }, baseline, change, PRICES);
        if (Math.abs(change) > 1e-6) expect(Math.sign(own)).toBe(Math.sign(change));
        expect(Math.abs(own)).toBeLessThanOrEqual(Math.abs(change) + 1e-9);
      }),
    );
  });

  test('is the ratio of the costs', () => {
    fc.assert(
      fc.property(ms, memoryMb, fc.double({ min: -0.9, max: 5, noNaN: true }), (baseline, memory, change) => {
        const config = { ...CONFIG, memoryMb: memory };
        const ratio =
          costPerMillionUsd(config, baseline * (1 + change), PRICES) / costPerMillionUsd(config, baseline, PRICES);
        expect(costChange(config, baseline, change, PRICES)).toBeCloseTo(ratio - 1, 9);
      }),
    );
  });
});
