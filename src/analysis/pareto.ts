import type { Configuration } from '../types/config.ts';
import type { Best } from '../types/report.ts';

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

/** Cheapest by cost per item, fastest by p50, balanced by √(cost/cheapest · latency/fastest). */
export function bestOf(points: readonly Point[]): Best {
  const cheapest = least(points, (point) => point.cost);
  const fastest = least(points, (point) => point.latencyMs);
  if (cheapest === null || fastest === null) return { cheapest: null, fastest: null, balanced: null };
  const balanced = least(points, (point) =>
    Math.sqrt((point.cost / cheapest.cost) * (point.latencyMs / fastest.latencyMs)),
  );
  return { cheapest: cheapest.config, fastest: fastest.config, balanced: balanced?.config ?? null };
}
