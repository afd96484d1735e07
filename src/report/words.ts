import type { Configuration } from '../types/config.ts';
import type { CellReport } from '../types/report.ts';
import { type CellVerdict, METRICS, type Metric, type MetricVerdict, type State } from '../types/verdict.ts';

export const MARK: Readonly<Record<State, string>> = {
  regressed: '❌',
  unmeasured: '⚠️',
  inconclusive: '⚠️',
  'no-baseline': '➖',
  improved: '✅',
  pass: '✅',
};

const WORSE: Readonly<Record<Metric, string>> = {
  latency: 'slower',
  cost: 'dearer',
  memory: 'larger',
  coldStart: 'slower to start',
  runs: 'does not run',
  output: 'other outputs',
  p99: 'over its p99 limit',
  price: 'over its price limit',
};
const BETTER: Readonly<Record<Metric, string>> = {
  latency: 'faster',
  cost: 'cheaper',
  memory: 'smaller',
  coldStart: 'faster to start',
  runs: 'runs',
  output: 'same outputs',
  p99: 'within its p99 limit',
  price: 'within its price limit',
};

/** The gated metric that explains a cell's state, the most telling first; undefined where none does. */
export function tellingMetric(
  verdict: CellVerdict,
): { readonly metric: Metric; readonly of: MetricVerdict } | undefined {
  const order: readonly Metric[] = ['runs', ...METRICS.filter((metric) => metric !== 'runs')];
  for (const metric of order) {
    const of = verdict.metrics[metric];
    if (of !== undefined && of.state === verdict.state && (metric === 'runs' || of.threshold !== null))
      return { metric, of };
  }
  return undefined;
}

/** One or two words for a cell: `slower`, `the same`, `not decided`. */
export function stateWord(verdict: CellVerdict): string {
  const telling = tellingMetric(verdict)?.metric ?? 'latency';
  const words: Readonly<Record<State, string>> = {
    regressed: WORSE[telling],
    improved: BETTER[telling],
    pass: 'the same',
    inconclusive: 'not decided',
    'no-baseline': 'no baseline',
    unmeasured: 'could not measure',
  };
  return words[verdict.state];
}

/** What a cell is called: `onnx, 1769 MB, batch 1`; with its hardware where a run has more than one. */
export function cellName(config: Configuration, withHardware: boolean): string {
  return `${withHardware ? `${config.hardware}, ` : ''}${config.optimizer}, ${config.memoryMb} MB, batch ${config.batch}`;
}

export function isSameConfig(a: Configuration, b: Configuration): boolean {
  return a.hardware === b.hardware && a.optimizer === b.optimizer && a.memoryMb === b.memoryMb && a.batch === b.batch;
}

/** Cold start as a reader means it: everything before the second inference. Null where a part was not measured. */
export function coldMs(phases: CellReport['phasesMs']): number | null {
  if (phases === null) return null;
  const parts = [phases.import, phases.fetch, phases.load, phases.first];
  let sum = 0;
  for (const part of parts) {
    if (part === null) return null;
    sum += part;
  }
  return sum;
}
