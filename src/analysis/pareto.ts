import type { Configuration } from '../types/config.ts';
import type { Best } from '../types/report.ts';
import type { Weights } from '../types/settings.ts';

/** What a choice between configurations looks at: both lower is better. */
export interface Point {
  readonly config: Configuration;
  /** p50 of one inference. */
  readonly latencyMs: number;
  /** USD per million items. */
  readonly cost: number;
}

/** Points that no other one beats in latency without being dearer, or in cost without being slower; equals stay. */
export function paretoSet(points: readonly Point[]): ReadonlySet<Point> {
  const beaten = (a: Point): boolean =>
    points.some(
      (b) => b.latencyMs <= a.latencyMs && b.cost <= a.cost && (b.latencyMs < a.latencyMs || b.cost < a.cost),
    );
  return new Set(points.filter((point) => !beaten(point)));
}

function least(points: readonly Point[], of: (point: Point) => number): Point | null {
  return points.reduce<Point | null>((best, point) => (best === null || of(point) < of(best) ? point : best), null);
}

/** Latency and cost weigh the same: √(cost/cheapest · latency/fastest). */
export const EVEN: Weights = { latency: 0.5, cost: 0.5 };

/**
 * Cheapest by cost per item, fastest by p50, balanced by (cost/cheapest)^w · (latency/fastest)^(1−w).
 * @param weights their sum is 1
 */
export function bestOf(points: readonly Point[], weights: Weights = EVEN): Best {
  const cheapest = least(points, (point) => point.cost);
  const fastest = least(points, (point) => point.latencyMs);
  if (cheapest === null || fastest === null) return { cheapest: null, fastest: null, balanced: null };
  const balanced = least(
    points,
    (point) => (point.cost / cheapest.cost) ** weights.cost * (point.latencyMs / fastest.latencyMs) ** weights.latency,
  );
  return { cheapest: cheapest.config, fastest: fastest.config, balanced: balanced?.config ?? null };
}
