import type { Tested } from './decide.ts';
import { type Estimated, holm, pGreater } from './stats.ts';

/** Error of a whole run: at most one run in a hundred blames an unchanged model. */
export const FAMILY_ALPHA = 0.01;

/**
 * Holm over a family of one-sided hypotheses "no more than the baseline", and over their opposites; a missing estimate
 * is no hypothesis.
 * @param family estimates of ln(candidate / baseline)
 * @returns one answer an estimate, in the same order
 */
export function testFamily(family: readonly (Estimated | null)[]): readonly (Tested | null)[] {
  const present = family.filter((estimated) => estimated !== null);
  const alpha = FAMILY_ALPHA / Math.max(1, present.length);
  const rejected = (sign: 1 | -1): readonly boolean[] =>
    holm(
      present.map((estimated) => pGreater({ ...estimated, mean: sign * estimated.mean })),
      FAMILY_ALPHA,
    );
  const slower = rejected(1);
  const faster = rejected(-1);
  let at = -1;
  return family.map((estimated) => {
    if (estimated === null) return null;
    at += 1;
    return { slower: slower[at] ?? false, faster: faster[at] ?? false, alpha };
  });
}
