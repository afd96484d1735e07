import type { CellReport } from '../../types/report.ts';
import { STATES } from '../../types/verdict.ts';
import { bar } from '../bars.ts';
import { type ConversionTold, comparesOptimizers, DIFFERS, differsText } from '../conversions.ts';
import { changeText, figure } from '../format.ts';
import { coldMs, MARK, stateWord } from '../words.ts';
import type { ModelView } from './models.ts';
import { sourceOf } from './rows.ts';
import { cellNamed, configText, named, unbroken, worded } from './text.ts';

/** Worst first, cells without verdict last; keys are made once, since reports of many thousand cells are sorted here. */
export function worstCells(view: ModelView): readonly CellReport[] {
  const keyed = view.model.cells.map((cell) => ({
    cell,
    rank:
      cell.verdict === null ? STATES.length + (cell.status === 'skipped' ? 1 : 0) : STATES.indexOf(cell.verdict.state),
    change: cell.verdict?.metrics.latency?.change ?? Number.NEGATIVE_INFINITY,
  }));
  keyed.sort((a, b) => a.rank - b.rank || (b.change > a.change ? 1 : b.change < a.change ? -1 : 0));
  return keyed.map(({ cell }) => cell);
}

/** Columns of a model's cells; `compares`: whether its optimizers are, so that answers have one too. */
export function cellHead(compares: boolean): readonly string[] {
  const figures = ['p50 ms', 'change', 'USD/1M', 'cold start ms', 'peak MB'];
  return ['', 'configuration', ...figures, ...(compares ? [DIFFERS] : []), 'source'];
}

/** Figures of one cell, each with a bar as long as it is large among the model's. */
export function cellRow(cell: CellReport, view: ModelView, most: CellMost, now: Date): readonly string[] {
  const { verdict, latencyMs } = cell;
  const latency = verdict?.metrics.latency;
  const state =
    verdict === null
      ? `${cell.status === 'skipped' ? '➖ skipped' : `${MARK.unmeasured} could not measure`}`
      : `${MARK[verdict.state]} ${stateWord(verdict)}`;
  const barred = (value: number | null | undefined, largest: number): string =>
    value == null ? '–' : unbroken(`${bar(value, largest)} ${figure(value)}`);
  return [
    state,
    configText(cell, view.severalHardware),
    barred(latencyMs?.p50, most.p50),
    latency === undefined ? '–' : unbroken(changeText(latency.change, latency.low, latency.high)),
    barred(cell.costPerMillionUsd, most.cost),
    figure(coldMs(cell.phasesMs)),
    figure(cell.memoryMb?.peak),
    ...(most.compares ? [differsText(cell)] : []),
    sourceOf(cell, now),
  ];
}

/** The largest figures of a model, which are full bars, and whether its optimizers are compared. */
export interface CellMost {
  readonly compares: boolean;
  readonly p50: number;
  readonly cost: number;
}

export function mostOf(view: ModelView): CellMost {
  let p50 = 0;
  let cost = 0;
  for (const cell of view.model.cells) {
    p50 = Math.max(p50, cell.latencyMs?.p50 ?? 0);
    cost = Math.max(cost, cell.costPerMillionUsd ?? 0);
  }
  return { compares: comparesOptimizers(view.model.cells), p50, cost };
}

const OPTIMIZER = /^[a-z][a-z0-9+-]{0,20}$/;

/** What a reader has to know of an optimizer: other answers than vanilla's, what fell back to slower code. */
export function conversionRow({ optimizer, answers, problem, notes }: ConversionTold): string {
  const more = [problem, ...notes].flatMap((text) => (text === null ? [] : named(text, 200)));
  return `- ${worded(optimizer, OPTIMIZER)} ${[answers, ...more].join('; ')}`;
}

/** Cells that gave no figures, each with its reason. */
export function reasonRow(cell: CellReport, view: ModelView): string {
  const word = cell.status === 'skipped' ? '➖ skipped' : `${MARK.unmeasured} could not measure`;
  return `- ${word}: ${configText(cell, view.severalHardware)}: ${cellNamed(cell.reason ?? 'no reason given', 200)}`;
}
