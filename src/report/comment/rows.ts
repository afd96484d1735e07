import type { CellReport } from '../../types/report.ts';
import type { MetricVerdict, State } from '../../types/verdict.ts';
import { ageText, changeText, figure, plainPercent } from '../format.ts';
import { coldMs, MARK, stateWord } from '../words.ts';
import { phraseOf } from './headline.ts';
import type { ModelView, Over, Regression } from './models.ts';
import { cellNamed, configText, DAY, unbroken, worded } from './text.ts';

function changed(before: number | null | undefined, after: number | null | undefined, unit: string): string {
  if (after == null) return '–';
  return before == null ? `${figure(after)} ${unit}` : `${figure(before)} → **${figure(after)}** ${unit}`;
}

/** Before and after, in the metric's own unit. */
function figuresOf(cell: CellReport, { metric, of }: Over): string {
  const { baseline } = cell;
  switch (metric) {
    case 'latency':
      return `p50 ${changed(baseline?.latencyMs.p50, cell.latencyMs?.p50, 'ms')}`;
    case 'cost':
      return changed(baseline?.costPerMillionUsd, cell.costPerMillionUsd, 'USD/1M');
    case 'memory':
      return `peak ${changed(baseline?.memoryMb.peak, cell.memoryMb?.peak, 'MB')}`;
    case 'coldStart':
      return changed(coldMs(baseline?.phasesMs ?? null), coldMs(cell.phasesMs), 'ms cold start');
    case 'p99':
      return `p99 **${figure(cell.latencyMs?.p99)}** ms`;
    case 'price':
      return `**${figure(cell.costPerMillionUsd)}** USD/1M`;
    case 'output':
      return `differs by ${of.change === null ? '–' : plainPercent(Number(of.change.toPrecision(3)))} of the largest value`;
    case 'runs':
      return `ran → **does not run**${cell.reason === null ? '' : `: ${cellNamed(cell.reason, 120)}`}`;
  }
}

/** In plain words: is it over the limit for sure, or surely worse and likely over the limit? */
function sureText(cell: CellReport, { metric, of }: Over): string {
  if (metric === 'runs') return 'sure: it failed';
  if (metric === 'output') return 'sure: compared value by value';
  if (metric === 'p99' || metric === 'price') return 'as measured';
  const sandboxes = cell.verdict?.sandboxes ?? 0;
  const seen = sandboxes > 0 ? `, ${sandboxes} sandboxes` : '';
  if (of.low === null || of.threshold === null) return `as measured${seen}`;
  if (of.low >= of.threshold) return `sure${seen}`;
  return `${of.low > 0 ? 'surely worse, likely over the limit' : 'likely'}${seen}`;
}

const METRIC_WORDS = {
  latency: 'slower',
  cost: 'dearer',
  memory: 'larger',
  coldStart: 'starts slower',
  runs: 'does not run',
  output: 'other outputs',
  p99: 'over its p99 limit',
  price: 'over its cost limit',
} as const;

export function regressionHead(several: boolean): readonly string[] {
  const rest = ['configuration', 'before → after', 'change (95 % interval)', 'limit', 'how sure'];
  return ['', ...(several ? ['model', ...rest] : rest)];
}

function changeOf({ metric, of }: Over): string {
  return metric === 'output' || metric === 'runs' ? '–' : changeText(of.change, of.low, of.high);
}

/** A service level is a figure of its own, by which its verdict says how far it was missed. */
function limitOf(cell: CellReport, { metric, of }: Over): string {
  const level = (value: number | null | undefined): string => figure((value ?? Number.NaN) / (1 + (of.change ?? 0)));
  if (metric === 'p99') return `${level(cell.latencyMs?.p99)} ms`;
  if (metric === 'price') return `${level(cell.costPerMillionUsd)} USD`;
  return of.threshold === null ? '–' : plainPercent(of.threshold);
}

/** What is equal for all is said once. */
function lines(over: readonly Over[], tell: (one: Over) => string): string {
  const told = over.map(tell);
  return [...(new Set(told).size === 1 ? told.slice(0, 1) : told)].join('<br>');
}

/** A cell over its limits: a line a metric, and what a reader needs to believe it. */
export function regressionRow({ view, cell, over }: Regression, several: boolean): readonly string[] {
  return [
    `${MARK.regressed} ${over.map(({ metric }) => METRIC_WORDS[metric]).join(', ')}`,
    ...(several ? [cellNamed(view.title, 40)] : []),
    configText(cell, view.severalHardware),
    over.map((one) => (one.metric === 'runs' ? figuresOf(cell, one) : unbroken(figuresOf(cell, one)))).join('<br>'),
    over.map((one) => unbroken(changeOf(one))).join('<br>'),
    lines(over, (one) => unbroken(limitOf(cell, one))),
    lines(over, (one) => sureText(cell, one)),
  ];
}

function latencyOf(cell: CellReport | undefined): MetricVerdict | undefined {
  return cell?.verdict?.metrics.latency;
}

const WORD: Readonly<Record<State, string>> = {
  regressed: 'regressed',
  unmeasured: 'could not measure',
  inconclusive: 'not decided',
  'no-baseline': 'no baseline',
  improved: 'better',
  pass: 'the same',
};

/** The cell that a model's line shows: the worst of its state. */
function shownCell(view: ModelView): CellReport | undefined {
  let shown: CellReport | undefined;
  for (const cell of view.model.cells) {
    if (cell.verdict?.state !== view.state || cell.latencyMs === null) continue;
    if (shown === undefined || (latencyOf(cell)?.change ?? 0) > (latencyOf(shown)?.change ?? 0)) shown = cell;
  }
  return shown;
}

/** A model in one line: mark and word, name, figures of its worst cell. */
export function modelRow(view: ModelView): readonly string[] {
  const cell = shownCell(view);
  const ends = view.accepted.map(({ by }) => by.until).sort();
  const until = view.state === 'pass' ? ends[0] : undefined;
  const state =
    until === undefined
      ? `${MARK[view.state]} ${cell?.verdict && view.state === 'regressed' ? stateWord(cell.verdict) : WORD[view.state]}`
      : `➖ accepted until ${worded(until, DAY)}`;
  const name = cellNamed(view.title, 60);
  if (cell === undefined) {
    const reason = view.model.cells.find((one) => one.reason !== null)?.reason ?? null;
    return [state, name, `${phraseOf(view)}${reason === null ? '' : `: ${cellNamed(reason, 120)}`}`];
  }
  const latency = latencyOf(cell);
  const change = latency === undefined ? '' : `, ${changeText(latency.change, latency.low, latency.high)}`;
  const parts = [
    `p50 ${changed(cell.baseline?.latencyMs.p50, cell.latencyMs?.p50, 'ms')}${change}`,
    `${changed(cell.baseline?.costPerMillionUsd, cell.costPerMillionUsd, 'USD/1M')} · ${view.inState} of ${view.cells} cell${view.cells === 1 ? '' : 's'}`,
  ];
  return [state, name, parts.map(unbroken).join('<br>')];
}

/** `reused, 2 days old`. */
export function sourceOf(cell: CellReport, now: Date): string {
  if (cell.status !== 'reused') return cell.status === 'measured' ? 'now' : cell.status;
  const age = now.getTime() - Date.parse(cell.provenance?.measuredAt ?? '');
  return Number.isFinite(age) ? `reused, ${ageText(age)} old` : 'reused';
}
