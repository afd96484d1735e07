import { readFileSync } from 'node:fs';
import { type CommentOptions, renderComment } from '../../src/report/comment/index.ts';
import { readForeignReport } from '../../src/report/untrusted/read.ts';
import type { ModelReport, Report } from '../../src/types/report.ts';
import { modelOf, pair, reportWith } from '../unit/report/comment-report.ts';

const DEMO_FILE = 'rendered-report.json';

/** The report of a demo on a real machine; one of before a change of report.json is refused. */
export const DEMO = readForeignReport(readFileSync(new URL(DEMO_FILE, import.meta.url)), DEMO_FILE);

export const NOW = new Date('2026-11-24T10:00:00.000Z');

const RUN = 'https://github.com/octo-org/vision/actions/runs/19284470113';
const BASE = '3f2a1bc09d7e6c5b4a392817f6e5d4c3b2a19087';

export const COMMENT: CommentOptions = {
  tag: 'ayci',
  commit: '9ab12cd4e5f60718293a4b5c6d7e8f9012345678',
  runId: 19_284_470_113,
  attempt: 1,
  runUrl: RUN,
  reportUrl: `${RUN}/artifacts/4210987654`,
  artifactUrl: null,
  requestsPerMonth: 100_000_000,
  now: NOW,
};

/** Anybody's run: of the demo's the facts about the machine, of a pull request the commits. */
function pullRequest(models: readonly ModelReport[], run: Partial<Report['run']> = {}): Report {
  return reportWith(models, {
    ...DEMO.run,
    commit: COMMENT.commit,
    baseCommit: BASE,
    baselineRef: `git:${BASE}`,
    baseline: { commit: BASE, from: 'git', note: null },
    ...run,
  });
}

/** The demo's pair as a model of a repository. */
function squeezenet(): ModelReport {
  const [model] = DEMO.models;
  if (model === undefined) throw new Error(`${DEMO_FILE}: no model`);
  const path = 'models/squeezenet.onnx';
  return { ...model, path, baselinePath: path, baselineRef: `git:${BASE}` };
}

const ENCODER = `${'5ad0'.repeat(16)}-11904512`;
const encoder = (): ModelReport =>
  modelOf('models/encoder.onnx', [pair(8.9, 0.0004), pair(17.4, 0.0001, { memoryMb: 885 })], {
    key: ENCODER,
    baselineKey: ENCODER,
    baselineRef: `git:${BASE}`,
  });
const detector = (spread: number, change: number): ModelReport =>
  modelOf('models/detector.onnx', [pair(41.2, change, {}, spread)], { baselineRef: `git:${BASE}` });

/** One model slower, one that the machine was too noisy for, one the same. */
export const regressed = (): Report => pullRequest([encoder(), detector(0.06, 0.02), squeezenet()]);

/** All as before. */
export const passed = (): Report => pullRequest([encoder(), detector(0.004, 0.0003)]);

/** A model made faster by somebody from outside. */
export const fork = (): Report =>
  pullRequest([modelOf('models/detector.onnx', [pair(41.2, -0.183), pair(52.3, -0.176, { optimizer: 'vanilla' })])]);

/** The pull request loosens its own gate, and what is slower is accepted. */
export function loosened(): Report {
  const until = '2026-12-24';
  const reason = 'more accurate; a smaller one comes in December';
  const model = squeezenet();
  const cells = model.cells.map((cell) => {
    if (cell.verdict === null) return cell;
    const { latency, cost, ...others } = cell.verdict.metrics;
    const accepted = { until, reason, upTo: 0.6 };
    const metrics = {
      ...others,
      ...(latency && { latency: { ...latency, accepted } }),
      ...(cost && { cost: { ...cost, accepted } }),
    };
    return { ...cell, verdict: { ...cell.verdict, state: 'pass' as const, metrics } };
  });
  const waiver = { model: model.path, upTo: 0.6, expires: until, reason, state: 'in force' as const };
  return pullRequest([{ ...model, verdict: 'pass', cells }, encoder()], {
    gateChanges: ['cost limit 5 % → 50 % for models/*.onnx', 'waiver of latency for models/squeezenet.onnx'],
    waivers: [
      { ...waiver, metric: 'latency' },
      { ...waiver, metric: 'cost' },
    ],
  });
}

/** One leg of a matrix gave no report. */
export const partial = (): Report =>
  pullRequest([encoder()], { legs: { expected: ['x64', 'arm64'], missing: ['arm64'] } });

/** The first run of a repository. */
export function first(): Report {
  const { baselineKey: _key, baselinePath: _path, baselineRef: _ref, ...model } = encoder();
  const cells = model.cells.map((cell) => ({
    ...cell,
    baseline: null,
    verdict: cell.verdict && { ...cell.verdict, state: 'no-baseline' as const, metrics: {} },
  }));
  const none = { baselineKey: null, baselinePath: null, baselineRef: null };
  const report = pullRequest([{ ...model, ...none, cells, verdict: 'no-baseline' }], {
    baselineRef: null,
    baseCommit: null,
    baseline: { commit: null, from: null, note: 'models/encoder.onnx is not in 3f2a1bc' },
  });
  return { ...report, verdict: 'no-baseline', gate: 'none' };
}

/** Nothing could be measured. */
export function broken(): Report {
  const message =
    'python: none found, got no python3 on the PATH; expected 3.11 or newer. Install it with actions/setup-python.';
  return { ...pullRequest([]), verdict: 'unmeasured', gate: 'failed', error: { code: 'environment', message } };
}

/** A report as a comment's markdown. */
export function commentOf(report: Report): string {
  return renderComment(report, COMMENT).body;
}
