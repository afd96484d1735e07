import type { CellReport, ModelReport } from '../types/report.ts';
import { STATES } from '../types/verdict.ts';
import { ageText, changeText, figure, plainPercent, signedPercent } from './format.ts';
import { cellName, coldMs, MARK, stateWord, tellingMetric } from './words.ts';

/** One row, in words and figures, before it becomes markdown or a terminal's line. */
export interface Row {
  readonly cell: CellReport;
  readonly name: string;
  readonly mark: string;
  readonly word: string;
  readonly p50: string;
  readonly change: string;
  readonly cost: string;
  readonly cold: string;
  readonly peak: string;
  readonly source: string;
}

/** Worst first; among equals the larger change. Cells without figures come last. */
export function worstFirst(cells: readonly CellReport[]): readonly CellReport[] {
  const rank = (cell: CellReport): number => {
    if (cell.status === 'skipped') return STATES.length + 1;
    return cell.verdict === null ? STATES.length : STATES.indexOf(cell.verdict.state);
  };
  const change = (cell: CellReport): number => cell.verdict?.metrics.latency?.change ?? Number.NEGATIVE_INFINITY;
  return [...cells].sort((a, b) => rank(a) - rank(b) || (change(b) > change(a) ? 1 : change(b) < change(a) ? -1 : 0));
}

/** The worst model first; among equals as the report has them. */
export function worstModelFirst(models: readonly ModelReport[]): readonly ModelReport[] {
  return [...models].sort((a, b) => STATES.indexOf(a.verdict) - STATES.indexOf(b.verdict));
}

function beforeAfter(before: number | null | undefined, after: number | null | undefined): string {
  if (after === null || after === undefined) return '–';
  return before === null || before === undefined ? figure(after) : `${figure(before)} → ${figure(after)}`;
}

function sourceText(cell: CellReport, now: Date): string {
  const age = cell.provenance === null ? '' : ageText(now.getTime() - Date.parse(cell.provenance.measuredAt));
  const how = cell.provenance?.mode === 'alternating' ? ', one model at a time' : '';
  if (cell.status === 'measured') return `measured now${how}`;
  if (cell.status === 'reused') return `reused, ${age} old${how}`;
  return cell.status;
}

function markOf(cell: CellReport): string {
  if (cell.status === 'skipped' && cell.verdict === null) return '➖';
  return cell.verdict === null ? '⚠️' : MARK[cell.verdict.state];
}

export function rowsOf(model: ModelReport, now: Date): readonly Row[] {
  const withHardware = new Set(model.cells.map((cell) => cell.config.hardware)).size > 1;
  return worstFirst(model.cells).map((cell) => {
    const latency = cell.verdict?.metrics.latency;
    return {
      cell,
      name: cellName(cell.config, withHardware),
      mark: markOf(cell),
      word:
        cell.verdict === null ? (cell.status === 'skipped' ? 'skipped' : 'could not measure') : stateWord(cell.verdict),
      p50: beforeAfter(cell.baseline?.latencyMs.p50, cell.latencyMs?.p50),
      change: latency === undefined ? '–' : changeText(latency.change, latency.low, latency.high),
      cost: beforeAfter(cell.baseline?.costPerMillionUsd, cell.costPerMillionUsd),
      cold: beforeAfter(coldMs(cell.baseline?.phasesMs ?? null), coldMs(cell.phasesMs)),
      peak: beforeAfter(cell.baseline?.memoryMb.peak, cell.memoryMb?.peak),
      source: sourceText(cell, now),
    };
  });
}

/** The counts behind the headline: `3 of 4 cells`. */
function share(model: ModelReport, count: number): string {
  const of = model.cells.filter((cell) => cell.status !== 'skipped').length;
  return `${count} of ${of} cell${of === 1 ? '' : 's'}`;
}

/** What a model's verdict is in one line, without its name: `is 31 % slower (limit 5 %) · 8 of 8 cells`. */
export function headline(model: ModelReport): string {
  const worst = worstFirst(model.cells)[0];
  const verdict = worst?.verdict ?? null;
  if (worst === undefined || verdict === null) return 'could not be measured';
  const count = model.cells.filter((cell) => cell.verdict?.state === verdict.state).length;
  const telling = tellingMetric(verdict);
  const change = telling?.of.change ?? null;
  switch (model.verdict) {
    case 'regressed': {
      if (telling?.metric === 'runs') return `does not run where its baseline does · ${share(model, count)}`;
      if (telling?.metric === 'output') {
        return `gives other outputs than its baseline (${signedPercent(change ?? 0)} of the largest value, limit ${plainPercent(telling.of.threshold ?? 0)}) · ${share(model, count)}`;
      }
      const limit = telling?.of.threshold == null ? '' : ` (limit ${plainPercent(telling.of.threshold)})`;
      return `is ${signedPercent(change ?? 0).replace(/^[+]/, '')} ${stateWord(verdict)}${limit} · ${share(model, count)}`;
    }
    case 'improved':
      return `is ${signedPercent(change ?? 0).replace(/^[−]/, '')} ${stateWord(verdict)} · ${share(model, count)}`;
    case 'pass':
      return 'runs as before';
    case 'inconclusive':
      return `is not decided · ${share(model, count)}`;
    case 'no-baseline':
      return 'is measured; there is no baseline to compare with';
    case 'unmeasured':
      return 'could not be measured';
  }
}

/** The line under the headline that says what a reader may do next, or null. */
export function advice(model: ModelReport): string | null {
  if (model.verdict === 'inconclusive') {
    const seen = model.cells.flatMap((cell) => cell.verdict?.metrics.latency?.minimumDetectable ?? []);
    const least =
      seen.length === 0
        ? ''
        : ` This run could have seen a change of ${plainPercent(Number(Math.max(...seen).toFixed(3)))} or more.`;
    return `The machine was too noisy to tell.${least} Run again, or gate at a higher limit.`;
  }
  return null;
}

/** Operators that came and went: `+3 Conv, −1 Relu`; empty where none did. */
export function operatorText(changes: Readonly<Record<string, number>>): string {
  const entries = Object.entries(changes).sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
  const shown = entries.slice(0, 6).map(([name, by]) => `${by > 0 ? '+' : '−'}${Math.abs(by)} ${name}`);
  return entries.length > 6 ? `${shown.join(', ')} and ${entries.length - 6} more` : shown.join(', ');
}

/** What clock decided and whether the work or the waiting grew. */
export function whyText(model: ModelReport): string | null {
  const worst = worstFirst(model.cells).find((cell) => cell.verdict?.state === 'regressed');
  const latency = worst?.verdict?.metrics.latency;
  const parts: string[] = [];
  const operators = operatorText(model.operatorChanges);
  if (operators !== '') parts.push(operators);
  parts.push(...model.modelChanges.slice(0, 4));
  if (latency?.cpuChange != null && latency.change !== null && latency.clock === 'cpu') {
    parts.push(`the work grew (CPU time ${signedPercent(latency.cpuChange)})`);
  } else if (latency?.clock === 'wall' && latency.wallChange !== null) {
    parts.push(`elapsed time ${signedPercent(latency.wallChange)}`);
  }
  return parts.length === 0 ? null : parts.join('; ');
}
