import { bestOf, type Point } from '../../analysis/pareto.ts';
import type { Configuration } from '../../types/config.ts';
import type { CellReport } from '../../types/report.ts';
import { figure } from '../format.ts';
import { isSameConfig } from '../words.ts';
import type { ModelView } from './models.ts';
import { configText, counted, named } from './text.ts';

function find(view: ModelView, config: Configuration | null): CellReport | undefined {
  return config === null ? undefined : view.model.cells.find((cell) => isSameConfig(cell.config, config));
}

/** The configuration that the baseline was best deployed with: balanced between latency and cost. */
function bestBefore(view: ModelView): CellReport | undefined {
  const points = view.model.cells.flatMap((cell): Point[] =>
    cell.baseline === null
      ? []
      : [{ config: cell.config, latencyMs: cell.baseline.latencyMs.p50, cost: cell.baseline.costPerMillionUsd }],
  );
  return find(view, bestOf(points).balanced);
}

function moneyText(perMillion: number | null | undefined, requestsPerMonth: number | null): string {
  if (perMillion == null) return '– USD per million';
  const month = requestsPerMonth === null ? '' : `, ${figure((perMillion * requestsPerMonth) / 1e6)} USD a month`;
  return `${figure(perMillion)} USD per million${month}`;
}

/** The best configuration before and now, with what it costs; null where nothing was measured. */
export function bestLine(view: ModelView, withName: boolean, requestsPerMonth: number | null): string | null {
  const now = find(view, view.model.best.balanced);
  if (now === undefined || now.latencyMs === null) return null;
  const before = bestBefore(view);
  const requests = requestsPerMonth === null ? '' : ` (${counted(requestsPerMonth)} requests a month)`;
  const title = `**Best configuration**${withName ? ` of ${named(view.title, 60)}` : ''}${requests}`;
  const money = moneyText(now.costPerMillionUsd, requestsPerMonth);
  const text = `${configText(now, view.severalHardware)}: p50 ${figure(now.latencyMs.p50)} ms, ${money}`;
  if (before?.baseline == null) return `${title}: ${text}`;
  const same = isSameConfig(before.config, now.config);
  const where = same ? 'the same' : configText(before, view.severalHardware);
  const earlier = `p50 ${figure(before.baseline.latencyMs.p50)} ms, ${moneyText(before.baseline.costPerMillionUsd, requestsPerMonth)}`;
  return `${title}: ${text} · before: ${where}, ${earlier}`;
}
