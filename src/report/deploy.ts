import type { Configuration } from '../types/config.ts';
import type { CellReport, ModelReport } from '../types/report.ts';
import { cellName, isSameConfig } from './words.ts';

/** A configuration to deploy, and all that it is best at. */
export interface Deployable {
  /** As `balanced, fastest`. */
  readonly bestAt: string;
  readonly name: string;
  readonly cell: CellReport;
}

/** What to deploy, each configuration once; nothing where there was no choice. */
export function deployables(model: ModelReport): readonly Deployable[] {
  const { balanced, cheapest, fastest } = model.best;
  if (model.cells.filter((cell) => cell.latencyMs !== null).length < 2) return [];
  const several = new Set(model.cells.map((cell) => cell.config.hardware)).size > 1;
  const chosen: readonly [string, Configuration | null][] = [
    ['balanced', balanced],
    ['cheapest', cheapest],
    ['fastest', fastest],
  ];
  const isBest = (cell: CellReport, config: Configuration | null): boolean =>
    config !== null && isSameConfig(cell.config, config);
  const cells = chosen.flatMap(([, config]) => model.cells.filter((cell) => isBest(cell, config)));
  return [...new Set(cells)].map((cell) => ({
    bestAt: chosen.flatMap(([what, config]) => (isBest(cell, config) ? [what] : [])).join(', '),
    name: cellName(cell.config, several),
    cell,
  }));
}
