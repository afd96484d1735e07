import { runVerdict } from '../../../src/analysis/gate.ts';
import { pricesOf } from '../../../src/analysis/prices.ts';
import { judge } from '../../../src/analysis/verdict.ts';
import { cellsAndBest } from '../../../src/report/build.ts';
import type { CommentOptions } from '../../../src/report/comment/index.ts';
import type { Configuration } from '../../../src/types/config.ts';
import type { Measurement, SubjectSummary } from '../../../src/types/measurement.ts';
import type { ModelReport, Report } from '../../../src/types/report.ts';
import { CONFIG, measurement } from '../../support/measurements.ts';
import { reportOf } from '../../support/report.ts';

export const NOW = new Date('2026-11-24T01:00:00.000Z');

const BASE = '3f2a1bc'.padEnd(40, '0');

export const OPTIONS: CommentOptions = {
  tag: 'ayci',
  commit: '9ab12cd'.padEnd(40, '0'),
  runId: 4711,
  attempt: 1,
  runUrl: 'https://github.com/o/r/actions/runs/4711',
  reportUrl: 'https://github.com/o/r/actions/runs/4711/artifacts/1',
  artifactUrl: null,
  requestsPerMonth: 100_000_000,
  now: NOW,
};

function summary(ms: number): SubjectSummary {
  return {
    latencyMs: { p50: ms, p90: ms * 1.04, p99: null, mean: ms * 1.01, samples: 120 },
    phasesMs: { import: 70, fetch: 5, load: 20 + ms, first: ms * 1.3, optimize: null, compile: null },
    peakMb: 90 + ms,
    artifact: { bytes: 5_000_000, notes: [], converters: {} },
  };
}

/** A cell whose candidate takes `change` more than its baseline of `ms`, as six sandboxes saw it. */
export function pair(ms: number, change: number, config: Partial<Configuration> = {}, spread = 0.004): Measurement {
  const seen = [0, 1, -1, 0.5, -0.5, 0].map((step) => Math.log(1 + change) + step * spread);
  return {
    ...measurement(seen, { config: { ...CONFIG, ...config } }),
    candidate: summary(ms * (1 + change)),
    baseline: summary(ms),
  };
}

/** One model of a report, judged as a run judges it. */
export function modelOf(
  path: string,
  measurements: readonly Measurement[],
  over: Partial<ModelReport> = {},
): ModelReport {
  const prices = pricesOf('us-east-1', '--aws-region');
  const verdicts = judge(measurements, {
    thresholds: { latency: 0.05, cost: 0.05, memory: null, coldStart: null },
    maxOutputDifference: null,
    prices,
  });
  const cells = measurements.map((one, at) => ({
    ...{ config: one.config, status: 'measured' as const, reason: null, measurement: one },
    verdict: verdicts[at] ?? null,
  }));
  return {
    ...{
      path,
      key: `${'a'.repeat(64)}-5210000`,
      framework: 'onnx' as const,
      baselinePath: path,
      baselineRef: `git:${BASE}`,
    },
    verdict: runVerdict(verdicts.map(({ state }) => state)),
    ...{ baselineKey: `${'b'.repeat(64)}-4800000`, overrides: [], operatorChanges: {}, modelChanges: [] },
    inputs: [{ name: 'x', dtype: 'float32', shape: [1, 3, 224, 224], fill: { kind: 'normal' } }],
    ...cellsAndBest(cells, prices),
    ...over,
  };
}

/** A run over these models. */
export function reportWith(models: readonly ModelReport[], run: Partial<Report['run']> = {}): Report {
  const empty = reportOf([]);
  const states = models.flatMap(({ cells }) => cells.flatMap(({ verdict }) => verdict?.state ?? []));
  const verdict = runVerdict(states);
  return {
    ...empty,
    ...{ verdict, gate: verdict === 'regressed' ? 'failed' : 'passed', models },
    run: {
      ...empty.run,
      ...{
        commit: 'c'.repeat(40),
        baseCommit: '3f2a1bc'.padEnd(40, '0'),
        baselineRef: `git:${'3f2a1bc'.padEnd(40, '0')}`,
      },
      ...{ calls: 96, seconds: 212, spentUsd: 0.0412, gateChanges: [], waivers: [], baseline: null, legs: null },
      ...run,
    },
  };
}

/** What a reviewer may meet: one slower, one not decided, one the same, one waived. */
export function richReport(): Report {
  const detector = modelOf(
    'models/detector.onnx',
    [
      pair(41.2, 0.163),
      pair(41.2, 0.158, { memoryMb: 885 }),
      pair(310, 0.171, { batch: 8 }),
      pair(52, 0.001, { optimizer: 'vanilla' }),
    ],
    { operatorChanges: { Conv: 2, Relu: -1 }, modelChanges: ['parameters 1.24 M → 1.38 M (+11.5 %)'] },
  );
  const vad = modelOf('models/vad.onnx', [pair(3.1, 0.02, {}, 0.06)]);
  const encoder = modelOf('models/encoder.onnx', [pair(8.9, 0.0004), pair(17.4, 0.0001, { memoryMb: 885 })]);
  return reportWith([encoder, vad, detector]);
}
