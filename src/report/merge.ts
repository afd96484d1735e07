import { worstState } from '../analysis/gate.ts';
import { AyciError } from '../errors.ts';
import type { Report } from '../types/report.ts';
import type { State } from '../types/verdict.ts';
import { isExpectedLeg, type Leg } from './merge/legs.ts';
import { mergeModels, type Source } from './merge/models.ts';
import { mergeRuns } from './merge/runs.ts';

export type { Leg } from './merge/legs.ts';

/** Legs that add something: one whose every cell another one knows better is left out, with its verdict. */
function counting(legs: readonly Leg[], used: ReadonlySet<Source>): readonly Leg[] {
  const contributing = new Set([...used].map((source) => source.leg));
  return legs.filter((leg) => leg.report.models.length === 0 || contributing.has(leg));
}

function errorOf(legs: readonly Leg[]): Report['error'] {
  const failed = legs.flatMap(({ name, report }) => (report.error === null ? [] : [{ name, error: report.error }]));
  const [first] = failed;
  if (first === undefined) return null;
  if (legs.length === 1) return first.error;
  return {
    code: first.error.code,
    message: failed.map(({ name, error }) => `${name}: ${error.message}`).join('; '),
  };
}

/** Failed where a leg's is, or where one that was to come did not, unless no leg gates anything. */
function gateOf(legs: readonly Leg[], missing: readonly string[]): Report['gate'] {
  const gates = legs.map(({ report }) => report.gate);
  if (gates.includes('failed')) return 'failed';
  if (!gates.includes('passed')) return 'none';
  return missing.length > 0 ? 'failed' : 'passed';
}

/**
 * One report of several: the legs of a workflow's matrix. Cells of the same model (path, key and baseline) come
 * together; of cells that several legs have, one that was measured stands before one that was skipped, then the newer.
 * Verdict and gate are the worst of the legs'; a leg that is missing counts as `unmeasured`.
 *
 * @param options.expected the legs that should be there, by what tells one from the others: a part of its artifact's name
 * between dashes, or a model's path, a hardware and an optimizer that all hold for it
 * @throws AyciError `bad-input` where there is no report at all
 */
export function mergeReports(legs: readonly Leg[], options: { readonly expected?: readonly string[] } = {}): Report {
  const [first] = legs;
  if (first === undefined) {
    throw new AyciError('bad-input', 'reports: there is none to merge, got none; expected at least one');
  }
  const { expected } = options;
  const missing = (expected ?? []).filter((one) => !legs.some((leg) => isExpectedLeg(leg, one)));
  const { models, used } = mergeModels(legs);
  const counted = counting(legs, used);
  const states: readonly State[] = [
    ...counted.map(({ report }) => report.verdict),
    ...(missing.length > 0 ? (['unmeasured'] as const) : []),
  ];
  return {
    schema: 1,
    verdict: worstState(states) ?? 'unmeasured',
    gate: gateOf(counted, missing),
    error: errorOf(counted),
    models,
    run: {
      ...mergeRuns(legs, counted),
      legs: expected === undefined || expected.length === 0 ? null : { expected, missing },
    },
  };
}
