import type { WaiverReport } from '../types/report.ts';
import type { Waiver } from '../types/settings.ts';
import type { CellVerdict, Metric, MetricVerdict } from '../types/verdict.ts';
import { worstState } from './gate.ts';

/** A cell's verdict, and which model of the configuration it is of. */
export interface WaivedCell {
  /** The model's path, as in the configuration. */
  readonly model: string;
  readonly verdict: CellVerdict | null;
}

export interface Waived {
  /** A verdict a cell, in the same order. */
  readonly verdicts: readonly (CellVerdict | null)[];
  /** One a waiver, in the same order. */
  readonly waivers: readonly WaiverReport[];
}

const percent = (ratio: number): string => `${Number((ratio * 100).toFixed(4))} %`;

/**
 * Whether a waiver's ceiling holds the change. As with the gate's own limits the estimate decides, not a bound of its
 * interval: the comment shows the estimate and people write the ceiling from it; held to the upper bound, a noisier run
 * of an unchanged model would fail a build that a calm one passed.
 */
function covers({ upTo }: Waiver, { change }: MetricVerdict): boolean {
  return upTo === null || (change !== null && change <= upTo);
}

/** The narrowest first; of equals the one that holds longest. */
function narrowest(a: Waiver, b: Waiver): number {
  return (a.upTo ?? 0) - (b.upTo ?? 0) || (a.expires < b.expires ? 1 : -1);
}

function withNote(metric: MetricVerdict, note: string): MetricVerdict {
  return { ...metric, note: metric.note === null ? note : `${metric.note}; ${note}` };
}

/** A regressed metric as its waivers leave it. */
function waived(metric: MetricVerdict, own: readonly Waiver[], today: string): MetricVerdict {
  const valid = own.filter(({ expires }) => expires >= today).sort(narrowest);
  const accepting = valid.find((waiver) => covers(waiver, metric));
  if (accepting !== undefined) {
    const { expires: until, reason, upTo } = accepting;
    return { ...metric, accepted: { until, reason, upTo } };
  }
  const widest = valid.at(-1);
  if (widest !== undefined) {
    const over = metric.change === null ? 'what cannot be compared is over any waiver' : 'over its waiver';
    return withNote(metric, `${over} (up to ${percent(widest.upTo ?? 0)} until ${widest.expires})`);
  }
  const ended = own.map(({ expires }) => expires).sort();
  return ended.length === 0 ? metric : withNote(metric, `its waiver ended on ${ended.at(-1)}`);
}

/** As the gate judges a cell, without what is accepted. `runs` has no limit and counts all the same. */
function stateWithout(metrics: CellVerdict['metrics']): CellVerdict['state'] {
  const counted = Object.entries(metrics).filter(
    ([name, metric]) => metric.accepted === undefined && (metric.threshold !== null || name === 'runs'),
  );
  return worstState(counted.map(([, metric]) => metric.state)) ?? 'pass';
}

function applyTo({ model, verdict }: WaivedCell, waivers: readonly Waiver[], today: string, used: Set<Waiver>) {
  if (verdict === null) return null;
  const metrics: Partial<Record<Metric, MetricVerdict>> = { ...verdict.metrics };
  for (const [name, metric] of Object.entries(verdict.metrics) as [Metric, MetricVerdict][]) {
    if (metric.state !== 'regressed') continue;
    const own = waivers.filter((waiver) => waiver.metric === name && waiver.models.includes(model));
    for (const waiver of own) used.add(waiver);
    metrics[name] = waived(metric, own, today);
  }
  const accepts = Object.values(metrics).some((metric) => metric.accepted !== undefined);
  return { ...verdict, metrics, state: accepts ? stateWithout(metrics) : verdict.state };
}

/**
 * Accepts what the configuration waives. An accepted metric stays `regressed` and says until when it is accepted; its
 * cell's state leaves it out. What is over a waiver's ceiling, or whose waiver has ended, fails as before and says so.
 * @param today `2026-11-24` (UTC); a waiver holds on its last day
 */
export function applyWaivers(cells: readonly WaivedCell[], waivers: readonly Waiver[], today: string): Waived {
  const used = new Set<Waiver>();
  const verdicts = cells.map((cell) => applyTo(cell, waivers, today, used));
  const stateOf = (waiver: Waiver): WaiverReport['state'] => {
    if (waiver.expires < today) return 'expired';
    return used.has(waiver) ? 'in force' : 'unused';
  };
  return {
    verdicts,
    waivers: waivers.map((waiver) => {
      const { model, metric, upTo, expires, reason } = waiver;
      return { model, metric, upTo, expires, reason, state: stateOf(waiver) };
    }),
  };
}
