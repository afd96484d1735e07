import { costIndex } from '../../analysis/cost.ts';
import { worstState } from '../../analysis/gate.ts';
import { bestOf, type Point, paretoSet } from '../../analysis/pareto.ts';
import type { CellReport, ModelReport } from '../../types/report.ts';
import { cellName } from '../words.ts';
import type { Leg } from './legs.ts';

/** A model as one leg reports it. */
export interface Source {
  readonly leg: Leg;
  readonly model: ModelReport;
}

function identityOf({ path, key, baselineKey }: ModelReport): string {
  return JSON.stringify([path, key, baselineKey]);
}

function isNewer(a: Source, b: Source): number {
  return Date.parse(b.leg.report.run.startedAt) - Date.parse(a.leg.report.run.startedAt);
}

interface Chosen {
  readonly source: Source;
  readonly cell: CellReport;
}

/** One cell a configuration: what was tried before what was skipped, then the newest. */
function chosenCells(newestFirst: readonly Source[]): readonly Chosen[] {
  const chosen = new Map<string, Chosen>();
  for (const source of newestFirst) {
    for (const cell of source.model.cells) {
      const name = cellName(cell.config, true);
      const before = chosen.get(name);
      if (before === undefined || (before.cell.status === 'skipped' && cell.status !== 'skipped')) {
        chosen.set(name, { source, cell });
      }
    }
  }
  return [...chosen.values()];
}

function indexOf(cell: CellReport, all: ReadonlyMap<string, CellReport>): number | null {
  if (cell.costIndex !== null || cell.latencyMs === null) return cell.costIndex;
  const at2048 = all.get(cellName({ ...cell.config, memoryMb: 2048 }, true));
  const reference = at2048?.latencyMs?.mean;
  return reference ? costIndex(cell.config.memoryMb, cell.latencyMs.mean, reference) : null;
}

/** The choice between configurations, made anew: each leg made it among its own. */
function chooseAgain(cells: readonly CellReport[]): Pick<ModelReport, 'cells' | 'best'> {
  const points = new Map<CellReport, Point>();
  for (const cell of cells) {
    const { config, latencyMs, costPerMillionUsd: cost } = cell;
    const right = config.optimizer === 'vanilla' || cell.output?.equivalent === true;
    if (right && latencyMs !== null && cost !== null) points.set(cell, { config, latencyMs: latencyMs.p50, cost });
  }
  const pareto = paretoSet([...points.values()]);
  const named = new Map(cells.map((cell) => [cellName(cell.config, true), cell] as const));
  const isPareto = (cell: CellReport): boolean => {
    const point = points.get(cell);
    return point !== undefined && pareto.has(point);
  };
  return {
    cells: cells.map((cell) => ({ ...cell, pareto: isPareto(cell), costIndex: indexOf(cell, named) })),
    best: bestOf([...points.values()]),
  };
}

function joined(sources: readonly Source[]): { readonly model: ModelReport; readonly used: readonly Source[] } {
  const newestFirst = [...sources].sort(isNewer);
  const chosen = chosenCells(newestFirst);
  const cells = chosen.map(({ cell }) => cell);
  const sourcesOfCells = new Set(chosen.map(({ source }) => source));
  const contributing = newestFirst.filter((source) => sourcesOfCells.has(source));
  // A model without any cell still has its verdict.
  const used = contributing.length > 0 ? contributing : newestFirst.slice(0, 1);
  const [newest] = used;
  if (newest === undefined) throw new Error('a model of no leg');
  const verdict = worstState(used.map(({ model }) => model.verdict)) ?? 'unmeasured';
  const choice = used.length === 1 ? { cells, best: newest.model.best } : chooseAgain(cells);
  return { model: { ...newest.model, ...choice, verdict }, used };
}

/** The models of all legs, in the legs' order, and which legs' models had a part in them. */
export function mergeModels(legs: readonly Leg[]): {
  readonly models: readonly ModelReport[];
  readonly used: ReadonlySet<Source>;
} {
  const groups = new Map<string, Source[]>();
  for (const leg of legs) {
    for (const model of leg.report.models) {
      const identity = identityOf(model);
      const group = groups.get(identity);
      if (group === undefined) groups.set(identity, [{ leg, model }]);
      else group.push({ leg, model });
    }
  }
  const all = [...groups.values()].map(joined);
  return { models: all.map(({ model }) => model), used: new Set(all.flatMap(({ used }) => used)) };
}
