import { runVerdict } from '../../src/analysis/gate.ts';
import { pricesOf } from '../../src/analysis/prices.ts';
import { judge } from '../../src/analysis/verdict.ts';
import { cellsAndBest } from '../../src/report/build.ts';
import type { Measurement } from '../../src/types/measurement.ts';
import type { Report } from '../../src/types/report.ts';

/** A report of measurements, as the flow makes it. */
export function reportOf(measurements: readonly Measurement[], path = 'm.onnx', notes: readonly string[] = []): Report {
  const prices = pricesOf('us-east-1', '--aws-region');
  const verdicts = judge(measurements, {
    thresholds: { latency: 0.05, cost: 0.05, memory: null, coldStart: null },
    maxOutputDifference: null,
    prices,
  });
  const cells = measurements.map((measurement, at) => ({
    config: measurement.config,
    status: 'measured' as const,
    reason: null,
    measurement,
    verdict: verdicts[at] ?? null,
  }));
  const figures = cellsAndBest(cells, prices);
  return {
    schema: 1,
    verdict: runVerdict(verdicts.map((verdict) => verdict.state)),
    gate: 'passed',
    error: null,
    models: [
      {
        path,
        key: `${'a'.repeat(64)}-10`,
        framework: 'onnx',
        verdict: runVerdict(verdicts.map((verdict) => verdict.state)),
        baselinePath: path,
        baselineKey: `${'b'.repeat(64)}-10`,
        baselineRef: path,
        inputs: [{ name: path, dtype: 'float32', shape: [1, 3], fill: { kind: 'normal' } }],
        overrides: [],
        ...figures,
        operatorChanges: { [path]: 2, Conv: -1 },
        modelChanges: [`new input ${path} float32 [1, 3]`],
      },
    ],
    run: {
      target: 'local',
      seed: 1,
      calls: 6,
      sandboxes: 6,
      seconds: 9,
      spentUsd: 0,
      reused: 0,
      baselineRef: path,
      commit: null,
      baseCommit: null,
      startedAt: '2026-11-24T00:00:00.000Z',
      ayciVersion: '0.1.0',
      command: 'node dist/cli.js',
      priceRegion: 'us-east-1',
      priceDate: '2026-11',
      gateChanges: [],
      waivers: [],
      baseline: null,
      legs: null,
      notes,
    },
  };
}
