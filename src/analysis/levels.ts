import type { Latency } from '../types/measurement.ts';
import type { ServiceLevels } from '../types/settings.ts';
import type { CellVerdict, MetricVerdict } from '../types/verdict.ts';
import { worstState } from './gate.ts';
import { plain } from './plain.ts';

/** What a service level is held against. */
export interface Figures {
  readonly latencyMs: Latency;
  readonly costPerMillionUsd: number;
}

/** A figure against a limit of its own, whatever the baseline has: `change` is how far it is over (or under) it. */
function level(value: number | null, most: number, unit: string): MetricVerdict {
  if (value === null) {
    return plain('inconclusive', `too few samples for it; at most ${most} ${unit} is asked for`, 0);
  }
  const note = `${Number(value.toPrecision(3))} ${unit}; at most ${most} is asked for`;
  return { ...plain(value > most ? 'regressed' : 'pass', note, 0), change: value / most - 1 };
}

/** A cell's verdict with its service levels, which count like any other gate; unchanged where there are none. */
export function withLevels(verdict: CellVerdict, figures: Figures | null, levels: ServiceLevels): CellVerdict {
  const { maxP99Ms, maxCostPerMillionUsd } = levels;
  if (figures === null || (maxP99Ms === null && maxCostPerMillionUsd === null)) return verdict;
  const added = {
    ...(maxP99Ms === null ? {} : { p99: level(figures.latencyMs.p99, maxP99Ms, 'ms') }),
    ...(maxCostPerMillionUsd === null
      ? {}
      : { price: level(figures.costPerMillionUsd, maxCostPerMillionUsd, 'USD per million') }),
  };
  const states = [verdict.state, ...Object.values(added).map((metric) => metric.state)];
  return { ...verdict, metrics: { ...verdict.metrics, ...added }, state: worstState(states) ?? verdict.state };
}
