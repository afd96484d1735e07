import { describe, expect, it } from 'vitest';
import { conversionsOf, remarkable } from '../../../src/report/conversions.ts';
import type { Optimizer } from '../../../src/types/config.ts';
import type { CellReport, ModelReport } from '../../../src/types/report.ts';
import { measurement } from '../../support/measurements.ts';
import { reportOf } from '../../support/report.ts';

const [REPORT] = reportOf([measurement([0])]).models;
const LATENCY = { p50: 1, p90: 1, p99: 1, mean: 1, samples: 9 };

function cell(optimizer: Optimizer, difference: number | null, more: Partial<CellReport> = {}): CellReport {
  const first = REPORT?.cells[0];
  if (first === undefined) throw new Error('no cell');
  return {
    ...first,
    config: { ...first.config, optimizer },
    latencyMs: LATENCY,
    artifact: { bytes: 1, notes: [] },
    output:
      difference === null
        ? null
        : {
            maxAbsoluteDifference: difference,
            relativeDifference: difference,
            equivalent: difference < 1e-3,
            problem: null,
          },
    ...more,
  };
}

function model(...cells: CellReport[]): ModelReport {
  if (REPORT === undefined) throw new Error('no model');
  return { ...REPORT, cells };
}

describe('what conversions did to a model', () => {
  it('one entry an optimizer, by the cell that differs most; vanilla and what did not run have none', () => {
    const told = conversionsOf(
      model(
        cell('vanilla', null),
        cell('tvm', 1e-6),
        cell('tvm', 2e-6),
        cell('onnx-int8', 0.02),
        cell('openvino', 0, { latencyMs: null }),
      ),
    );
    expect(told.map(({ optimizer, answers, equivalent }) => [optimizer, answers, equivalent])).toEqual([
      ['tvm', 'answers as vanilla (2.0e-6 of the largest value)', true],
      ['onnx-int8', 'does not answer as vanilla (2.0e-2 of the largest value)', false],
    ]);
  });

  it('a cell that was not compared says so, and does not hide one that differs', () => {
    expect(conversionsOf(model(cell('tvm', null)))[0]).toMatchObject({
      answers: 'not compared with vanilla',
      equivalent: false,
    });
    expect(conversionsOf(model(cell('tvm', null), cell('tvm', 0.5)))[0]?.answers).toContain('5.0e-1');
  });

  it('remarkable is what answers otherwise or has something to say; notes come once', () => {
    const noted = { artifact: { bytes: 1, notes: ['fell back: topk'] } };
    const told = remarkable(model(cell('onnx', 1e-7), cell('tvm', 1e-6, noted), cell('tvm', 1e-6, noted)));
    expect(told.map(({ optimizer, notes }) => [optimizer, notes])).toEqual([['tvm', ['fell back: topk']]]);
  });
});
