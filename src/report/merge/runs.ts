import type { Report, RunFacts, WaiverReport } from '../../types/report.ts';
import type { Leg } from './legs.ts';

const WAIVER_STATES: readonly WaiverReport['state'][] = ['in force', 'expired', 'unused'];

/** What all say, or each of what they say. */
function together(values: readonly string[]): string {
  return [...new Set(values)].join(', ');
}

/** What all say, or null. */
function agreed<T>(values: readonly T[]): T | null {
  const [first] = values;
  return first !== undefined && values.every((value) => value === first) ? first : null;
}

function sum(legs: readonly Leg[], of: (run: RunFacts) => number): number {
  return legs.reduce((total, { report }) => total + of(report.run), 0);
}

/** A waiver that one leg has no use for may be what another one needs. */
function waivers(legs: readonly Leg[]): readonly WaiverReport[] {
  const found = new Map<string, WaiverReport>();
  for (const waiver of legs.flatMap(({ report }) => report.run.waivers)) {
    const { state, ...what } = waiver;
    const name = JSON.stringify(what);
    const before = found.get(name);
    if (before === undefined || WAIVER_STATES.indexOf(state) < WAIVER_STATES.indexOf(before.state)) {
      found.set(name, waiver);
    }
  }
  return [...found.values()];
}

function isJudged(report: Report): boolean {
  return report.models.some((model) => model.cells.some((cell) => cell.baseline !== null && cell.verdict !== null));
}

function notes(legs: readonly Leg[], counted: readonly Leg[], baselines: readonly string[]): readonly string[] {
  const judged = counted.filter(({ report }) => isJudged(report)).length;
  return [
    ...new Set(legs.flatMap(({ report }) => report.run.notes)),
    ...(judged > 1
      ? [`${judged} legs were each judged by themselves: the error rate is that of one leg, and adds up over the legs.`]
      : []),
    ...(baselines.length > 1 ? [`The legs were compared with different commits: ${baselines.join(', ')}.`] : []),
  ];
}

/**
 * The facts of several runs as those of one: sums of what was spent, the longest of what went on side by side.
 *
 * @param counted those of the legs whose figures are in the report
 */
export function mergeRuns(legs: readonly Leg[], counted: readonly Leg[]): Omit<RunFacts, 'legs'> {
  const runs = legs.map(({ report }) => report.run);
  const baselines = [...new Set(runs.flatMap(({ baseline }) => baseline?.commit ?? []))];
  const started = runs.map(({ startedAt }) => startedAt).sort((a, b) => Date.parse(a) - Date.parse(b));
  return {
    target: together(runs.map(({ target }) => target)),
    seed: runs[0]?.seed ?? 1,
    calls: sum(legs, (run) => run.calls),
    sandboxes: sum(legs, (run) => run.sandboxes),
    seconds: Math.max(...runs.map(({ seconds }) => seconds)),
    spentUsd: Number(sum(legs, (run) => run.spentUsd).toPrecision(4)),
    reused: sum(legs, (run) => run.reused),
    baselineRef: agreed(runs.map(({ baselineRef }) => baselineRef)),
    commit: agreed(runs.map(({ commit }) => commit)),
    baseCommit: agreed(runs.map(({ baseCommit }) => baseCommit)),
    startedAt: started[0] ?? '',
    // Legs of one workflow are of one action; together it would be no command.
    command: runs[0]?.command ?? 'node dist/cli.js',
    ayciVersion: together(runs.map(({ ayciVersion }) => ayciVersion)),
    priceRegion: together(runs.map(({ priceRegion }) => priceRegion)),
    priceDate: together(runs.map(({ priceDate }) => priceDate)),
    gateChanges: [...new Set(runs.flatMap(({ gateChanges }) => gateChanges))],
    waivers: waivers(legs),
    baseline: runs.find(({ baseline }) => baseline?.commit != null)?.baseline ?? runs[0]?.baseline ?? null,
    notes: notes(legs, counted, baselines),
  };
}
