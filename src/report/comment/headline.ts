import type { Report } from '../../types/report.ts';
import { STATES, type State } from '../../types/verdict.ts';
import { changeText, plainPercent, signedPercent } from '../format.ts';
import { MARK, stateWord, tellingMetric } from '../words.ts';
import { type ModelView, worstRegressions } from './models.ts';
import { counted, named } from './text.ts';

/** What one model's state is called where models are counted: `2 fail`. */
const COUNTED: Readonly<Record<State, (count: number) => string>> = {
  regressed: (count) => (count === 1 ? '1 regressed' : `${counted(count)} regressed`),
  unmeasured: (count) => `${counted(count)} could not be measured`,
  inconclusive: (count) => `${counted(count)} not decided`,
  'no-baseline': (count) => `${counted(count)} without baseline`,
  improved: (count) => `${counted(count)} better`,
  pass: (count) => `${counted(count)} the same`,
};

/** The worst of the run and of its models: a run in which something could not be measured is never green. */
export function shownState(report: Report, views: readonly ModelView[]): State {
  const states = new Set<State>([report.verdict, ...views.map((view) => view.state)]);
  if (report.error !== null || (report.run.legs?.missing.length ?? 0) > 0) states.add('unmeasured');
  return STATES.find((state) => states.has(state)) ?? report.verdict;
}

function share(view: ModelView): string {
  return `${counted(view.inState)} of ${counted(view.cells)} cell${view.cells === 1 ? '' : 's'}`;
}

function regressedPhrase(view: ModelView): string {
  const worst = worstRegressions([view])[0];
  if (worst === undefined) return `is worse · ${share(view)}`;
  const { metric, of } = worst.over[0];
  if (metric === 'runs') return `does not run where its baseline does · ${share(view)}`;
  const limit = `limit ${plainPercent(of.threshold ?? 0)}`;
  if (metric === 'output') {
    return `gives other outputs than its baseline (${signedPercent(of.change ?? 0)} of the largest value, ${limit}) · ${share(view)}`;
  }
  if (metric === 'p99' || metric === 'price') {
    const level = metric === 'p99' ? 'p99' : 'cost';
    return `is ${signedPercent(of.change ?? 0).replace(/^[+±]/, '')} over its ${level} limit · ${share(view)}`;
  }
  const words = { latency: 'slower', cost: 'dearer', memory: 'larger in memory', coldStart: 'slower to start' };
  return `is ${signedPercent(of.change ?? 0).replace(/^[+±]/, '')} ${words[metric]} (${limit}) · ${share(view)}`;
}

function betterPhrase(view: ModelView): string {
  const cell = view.model.cells.find((one) => one.verdict?.state === 'improved');
  const verdict = cell?.verdict ?? null;
  const change = verdict === null ? null : (tellingMetric(verdict)?.of.change ?? null);
  if (verdict === null || change === null) return `is better · ${share(view)}`;
  return `is ${signedPercent(change).replace(/^[−±]/, '')} ${stateWord(verdict)} · ${share(view)}`;
}

function acceptedPhrase(view: ModelView): string {
  const worst = [...view.accepted].sort((a, b) => (b.of.change ?? 0) - (a.of.change ?? 0))[0];
  if (worst === undefined) return 'runs as before';
  const change = worst.of.change === null ? '' : ` (${worst.metric} ${changeText(worst.of.change, null, null)})`;
  return `is worse${change}, as accepted`;
}

/** What became of one model, in words that follow its name. */
export function phraseOf(view: ModelView): string {
  switch (view.state) {
    case 'regressed':
      return regressedPhrase(view);
    case 'improved':
      return betterPhrase(view);
    case 'pass':
      return acceptedPhrase(view);
    case 'inconclusive':
      return `is not decided · ${share(view)}`;
    case 'no-baseline':
      return 'is measured; there is no baseline to compare with';
    case 'unmeasured':
      return 'could not be measured';
  }
}

/** Whether a model passes although it is worse, since that was accepted. */
function isAccepted(view: ModelView): boolean {
  return view.state === 'pass' && view.accepted.length > 0;
}

/** How many models are in which state: `1 regressed, 2 the same, 1 worse as accepted`. */
function countsOf(views: readonly ModelView[]): string {
  const accepted = views.filter(isAccepted).length;
  const counts = STATES.flatMap((state) => {
    const count = views.filter((view) => view.state === state && !isAccepted(view)).length;
    return count === 0 ? [] : [COUNTED[state](count)];
  });
  return [...counts, ...(accepted === 0 ? [] : [`${counted(accepted)} worse as accepted`])].join(', ');
}

/** The model that the headline speaks of: of the worst state, of these the furthest over its limit, or an accepted one. */
function worstView(views: readonly ModelView[]): ModelView | undefined {
  const state = STATES.find((one) => views.some((view) => view.state === one));
  const candidates = views.filter((view) => view.state === state);
  return worstRegressions(candidates)[0]?.view ?? candidates.find(isAccepted) ?? candidates[0];
}

/** The verdict in one line: mark, words, and how many models are in which state. */
export function headlineOf(report: Report, views: readonly ModelView[]): string {
  const mark = MARK[shownState(report, views)];
  const worst = worstView(views);
  const partly = report.error === null ? '' : ' · not all was measured';
  if (worst === undefined) {
    const without = report.error === null ? 'No model was measured' : 'Could not measure';
    return `### ${MARK[report.verdict === 'regressed' ? 'regressed' : 'unmeasured']} ${without}`;
  }
  const allSame = views.length > 1 && worst.state === 'pass' && !isAccepted(worst);
  if (allSame) return `### ${mark} ${counted(views.length)} models run as before${partly}`;
  const others = views.length > 1 ? ` · ${counted(views.length)} models: ${countsOf(views)}` : '';
  return `### ${mark} ${named(worst.title, 60)} ${phraseOf(worst)}${others}${partly}`;
}
