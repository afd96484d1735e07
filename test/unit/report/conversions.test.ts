import { describe, expect, it } from 'vitest';
import { renderComment } from '../../../src/report/comment/index.ts';
import {
  comparesOptimizers,
  conversionsOf,
  differsText,
  remarkable,
  versionsText,
} from '../../../src/report/conversions.ts';
import { renderMarkdown } from '../../../src/report/markdown.ts';
import type { Optimizer } from '../../../src/types/config.ts';
import type { CellReport, ModelReport, Report } from '../../../src/types/report.ts';
import { measurement } from '../../support/measurements.ts';
import { reportOf } from '../../support/report.ts';
import { NOW, OPTIONS } from './comment-report.ts';

const [REPORT] = reportOf([measurement([0])]).models;
const LATENCY = { p50: 1, p90: 1, p99: 1, mean: 1, samples: 9 };

function cell(optimizer: Optimizer, difference: number | null, more: Partial<CellReport> = {}): CellReport {
  const first = REPORT?.cells[0];
  if (first === undefined) throw new Error('no cell');
  return {
    ...first,
    config: { ...first.config, optimizer },
    latencyMs: LATENCY,
    artifact: { bytes: 1, notes: [], converters: {} },
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
    const noted = { artifact: { bytes: 1, notes: ['fell back: topk'], converters: {} } };
    const told = remarkable(model(cell('onnx', 1e-7), cell('tvm', 1e-6, noted), cell('tvm', 1e-6, noted)));
    expect(told.map(({ optimizer, notes }) => [optimizer, notes])).toEqual([['tvm', ['fell back: topk']]]);
  });
});

describe('versions of a cell', () => {
  const served = { onnxruntime: '1.32.0', numpy: '2.4.6' };
  const of = (converters: Readonly<Record<string, string>>): string => {
    const provenance = REPORT?.cells[0]?.provenance ?? null;
    if (provenance === null) throw new Error('no provenance');
    const artifact = { bytes: 1, notes: [], converters };
    return versionsText(cell('onnx', 0, { artifact, provenance: { ...provenance, runtimeVersions: served } }));
  };

  it('are those that served it, and those that converted it where they are others', () => {
    expect(of({})).toBe('onnxruntime 1.32.0');
    expect(of(served)).toBe('onnxruntime 1.32.0');
    expect(of({ torch: '2.10.0', onnxscript: '0.7.1', numpy: '2.4.6' })).toBe(
      'onnxruntime 1.32.0, made by torch 2.10.0, onnxscript 0.7.1',
    );
  });
});

describe('the column of answers', () => {
  it('is there where measured optimizers are compared', () => {
    expect(comparesOptimizers([cell('onnx', 0), cell('onnx', 0)])).toBe(false);
    expect(comparesOptimizers([cell('onnx', 0), cell('tvm', 0, { latencyMs: null })])).toBe(false);
    expect(comparesOptimizers([cell('onnx', 0), cell('tvm', 0)])).toBe(true);
  });

  it('says how far an optimizer is from vanilla, and warns where that is too far', () => {
    const incomparable = { maxAbsoluteDifference: null, relativeDifference: null, equivalent: false, problem: 'other' };
    expect(
      [
        cell('vanilla', 0),
        cell('tvm', null),
        cell('tvm', 0),
        cell('tvm', 2.06e-6),
        cell('onnx-int8', 0.045),
        cell('tvm', 0, { output: incomparable }),
      ].map(differsText),
    ).toEqual(['–', '–', '0', '2.1e-6', '⚠️ 4.5e-2', '⚠️ not comparable']);
  });

  it('is in both tables', () => {
    const report = { ...reportOf([measurement([0])]), models: [model(cell('vanilla', null), cell('tvm', 2e-6))] };
    const one = { ...report, models: [model(cell('tvm', 2e-6))] };
    const commentOf = (of: Report): string => renderComment(of, OPTIONS).body;
    for (const write of [(of: Report) => renderMarkdown(of, NOW), commentOf]) {
      expect(write(report)).toMatch(/peak.MB +\| differs.from.vanilla.\(relative\) +\| source/);
      expect(write(report)).toMatch(/ 2\.0e-6 +\| /);
      expect(write(one)).not.toMatch(/differs.from/);
    }
  });
});
