import { tCdf, tQuantile } from './student.ts';

/** At least one number. Functions below that need one say so by this type. */
export type Numbers = readonly [number, ...number[]];

export function isNumbers(values: readonly number[]): values is Numbers {
  return values.length > 0;
}

/**
 * Percentile by linear interpolation between order statistics (Hyndman and Fan's type 7, numpy's default).
 * @param sorted ascending
 * @param share 0 to 1
 */
export function percentile(sorted: Numbers, share: number): number {
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)] ?? sorted[0];
  const high = sorted[Math.ceil(at)] ?? low;
  return low + (high - low) * (at - Math.floor(at));
}

export function median(values: Numbers): number {
  const [first, ...rest] = [...values].sort((a, b) => a - b);
  return percentile([first ?? values[0], ...rest], 0.5);
}

export function mean(values: Numbers): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sample variance (n − 1); 0 for a single value. */
export function variance(values: Numbers): number {
  if (values.length < 2) return 0;
  const center = mean(values);
  return values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1);
}

/** An estimated difference (on whatever scale the values have), its standard error and its degrees of freedom. */
export interface Estimated {
  readonly mean: number;
  readonly standardError: number;
  readonly df: number;
}

/** Mean of independent values (paired differences): Student's t on n − 1 degrees of freedom. Null below two values. */
export function ofPairs(values: readonly number[]): Estimated | null {
  if (!isNumbers(values) || values.length < 2) return null;
  return { mean: mean(values), standardError: Math.sqrt(variance(values) / values.length), df: values.length - 1 };
}

/**
 * Difference of two independent means, a − b, with unequal variances (Welch 1947, Satterthwaite's degrees of freedom).
 * @param floor smallest standard deviation to believe in, on the values' scale (a clock's or counter's resolution)
 */
export function ofGroups(a: readonly number[], b: readonly number[], floor = 0): Estimated | null {
  if (!isNumbers(a) || !isNumbers(b) || a.length < 2 || b.length < 2) return null;
  const va = Math.max(variance(a), floor ** 2) / a.length;
  const vb = Math.max(variance(b), floor ** 2) / b.length;
  const spread = va ** 2 / (a.length - 1) + vb ** 2 / (b.length - 1);
  const df = spread === 0 ? a.length + b.length - 2 : (va + vb) ** 2 / spread;
  return { mean: mean(a) - mean(b), standardError: Math.sqrt(va + vb), df };
}

/** p of the one-sided test of "the difference is at most 0". Without any spread it is 0, 0.5 or 1 by the sign. */
export function pGreater(estimated: Estimated): number {
  if (estimated.standardError === 0) return estimated.mean > 0 ? 0 : estimated.mean < 0 ? 1 : 0.5;
  // The lower tail of −t: 1 − P(T ≤ t) would round every p below 1e-16 to 0.
  return tCdf(-estimated.mean / estimated.standardError, estimated.df);
}

/** Two-sided interval of the given level, such as 0.95. */
export function interval(estimated: Estimated, level: number): { readonly low: number; readonly high: number } {
  const half = estimated.standardError === 0 ? 0 : tQuantile((1 + level) / 2, estimated.df) * estimated.standardError;
  return { low: estimated.mean - half, high: estimated.mean + half };
}

/** Difference that a one-sided test at `alpha` finds four times in five: (t_crit + t_0.8) · SE. */
export function minimumDetectable(estimated: Estimated, alpha: number): number {
  if (estimated.standardError === 0) return 0;
  return (tQuantile(1 - alpha, estimated.df) + tQuantile(0.8, estimated.df)) * estimated.standardError;
}

/**
 * Holm's step-down procedure (Holm 1979): which hypotheses are rejected with family-wise error `alpha`.
 * @param ps p-values, in any order; the answer has the same order
 */
export function holm(ps: readonly number[], alpha: number): readonly boolean[] {
  const order = ps.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p);
  const rejected = ps.map(() => false);
  for (const [step, { p, index }] of order.entries()) {
    if (p > alpha / (ps.length - step)) break;
    rejected[index] = true;
  }
  return rejected;
}
