import cdf from '@stdlib/stats-base-dists-t-cdf';
import quantile from '@stdlib/stats-base-dists-t-quantile';

/** P(T ≤ t) of Student's distribution with `df` degrees of freedom. */
export function tCdf(t: number, df: number): number {
  return cdf(t, df);
}

/** The t below which a share `p` of Student's distribution with `df` degrees of freedom lies. */
export function tQuantile(p: number, df: number): number {
  return quantile(p, df);
}
