import { expect, it } from 'vitest';
import { pricesOf } from '../../../src/analysis/prices.ts';
import { cellsAndBest } from '../../../src/report/build.ts';
import type { Optimizer } from '../../../src/types/config.ts';
import type { Tolerances } from '../../../src/types/settings.ts';
import { CONFIG, measurement } from '../../support/measurements.ts';

/** A cell that takes `ms` and whose answers differ by this much. */
function cell(optimizer: Optimizer, ms: number, relativeDifference: number) {
  const own = measurement([0], { config: { ...CONFIG, optimizer } });
  const { candidate } = own;
  if (candidate === null) throw new Error('no candidate');
  return {
    config: own.config,
    status: 'measured' as const,
    reason: null,
    verdict: null,
    measurement: {
      ...own,
      candidate: { ...candidate, latencyMs: { ...candidate.latencyMs, p50: ms, mean: ms } },
      output: { maxAbsoluteDifference: relativeDifference, relativeDifference, varies: true, problem: null },
    },
  };
}

const CELLS = [cell('vanilla', 12, 0), cell('onnx', 10, 1e-7), cell('tvm', 5, 2e-3), cell('onnx-int8', 2, 0.04)];

const fastest = (outputTolerances: Tolerances): Optimizer | undefined => {
  const choice = { weights: { latency: 0.5, cost: 0.5 }, outputTolerances };
  return cellsAndBest(CELLS, pricesOf('us-east-1', '--aws-region'), choice).best.fastest?.optimizer;
};

it('a faster wrong answer is not best, nor int8, whatever is accepted of another optimizer', () => {
  expect(fastest({})).toBe('onnx');
  expect(fastest({ onnx: 0.1 })).toBe('onnx');
});

it('what the user accepts of an optimizer can be best', () => {
  expect(fastest({ tvm: 0.01 })).toBe('tvm');
  expect(fastest({ 'onnx-int8': 0.05 })).toBe('onnx-int8');
  expect(fastest({ 'onnx-int8': 0.03 })).toBe('onnx');
});
