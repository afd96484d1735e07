import type { Report, WaiverReport } from '../../types/report.ts';
import type { Metric } from '../../types/verdict.ts';
import { plainPercent } from '../format.ts';
import type { Regression } from './models.ts';
import { cellNamed, DAY, named, worded } from './text.ts';

const MOST_CHANGES = 6;
const MOST_WAIVERS = 12;

function some<T>(all: readonly T[], most: number, tell: (one: T) => string, what: string): readonly string[] {
  const shown = all.slice(0, most).map(tell);
  return all.length > most ? [...shown, `and ${all.length - most} more ${what} (report.json)`] : shown;
}

/** What the pull request loosens for itself: before anything else, since all below is judged by it. */
export function gateLine(report: Report): string | null {
  const { gateChanges } = report.run;
  if (gateChanges.length === 0) return null;
  const changes = some(gateChanges, MOST_CHANGES, (change) => named(change, 120), 'changes');
  return `⚠️ **This pull request changes its own gate:** ${changes.join(' · ')}`;
}

function waiverText(waiver: WaiverReport): string {
  const metric = worded(waiver.metric, /^(latency|cost|memory|cold-start|coldStart|output|runs)$/);
  const upTo = waiver.upTo === null ? '' : ` up to ${plainPercent(waiver.upTo)}`;
  const what = `${cellNamed(waiver.model, 60)} ${metric}${upTo}`;
  const day = worded(waiver.expires, DAY);
  const reason = cellNamed(waiver.reason, 120);
  if (waiver.state === 'expired') return `- ⚠️ ${what}: accepted until ${day}, **expired**: it counts again. ${reason}`;
  return `- ➖ ${what}: accepted until ${day}${waiver.state === 'unused' ? ' (nothing to accept in this run)' : ''}. ${reason}`;
}

/** Regressions that the configuration accepts, and such that it no longer does. */
export function waiverLines(report: Report): string | null {
  const order = ['expired', 'in force', 'unused'];
  const waivers = [...report.run.waivers].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  if (waivers.length === 0) return null;
  const lines = some(waivers, MOST_WAIVERS, waiverText, 'waivers');
  return `**Accepted by the configuration**\n${lines.map((line) => (line.startsWith('-') ? line : `- ${line}`)).join('\n')}`;
}

/** Metrics as the configuration calls them; service levels are changed, not waived. */
const WAIVABLE: Readonly<Partial<Record<Metric, string>>> = {
  latency: 'latency',
  cost: 'cost',
  memory: 'memory',
  coldStart: 'cold-start',
  output: 'output',
};

/** How to accept the worst regression, as a line of the configuration. */
export function acceptLine(worst: Regression, now: Date): string | null {
  const { view } = worst;
  const { metric, of } = worst.over[0];
  const { path } = view.model;
  const change = Math.max(of.high ?? 0, of.change ?? 0);
  const waivable = WAIVABLE[metric];
  if (waivable === undefined || change <= 0 || change > 10 || path.length > 200) return null;
  const until = new Date(now.getTime() + 30 * 86_400_000).toISOString().slice(0, 10);
  const model = /^[\w./-]+$/.test(path) ? path : JSON.stringify(path);
  const waiver = `{model: ${model}, metric: ${waivable}, up-to: ${Math.ceil(change * 100)}%, expires: ${until}, reason: "…"}`;
  return `**Accept** under \`waivers:\` in the configuration file: ${named(waiver, 400)}`;
}

/** What of the run is not there: legs that gave no report, an error that ended it, a baseline that was not found. */
export function gapLines(report: Report): readonly string[] {
  const { legs, baseline } = report.run;
  const missing = legs?.missing ?? [];
  const names = some(missing, 10, (leg) => named(leg, 60), 'legs').join(', ');
  return [
    missing.length === 0
      ? ''
      : `⚠️ **${missing.length} of ${legs?.expected.length} legs gave no report:** ${names}. Their models are not in this comment.`,
    report.error === null ? '' : `⚠️ ${named(report.error.message, 500)}`,
    report.verdict === 'no-baseline' && baseline?.note != null ? `No baseline: ${named(baseline.note, 300)}` : '',
  ].filter((line) => line !== '');
}

/** What a reader may do where the machine was too noisy to tell. */
export function undecidedLine(report: Report): string | null {
  const undecided = report.models.flatMap(({ cells }) =>
    cells.filter(({ verdict }) => verdict?.state === 'inconclusive'),
  );
  if (undecided.length === 0) return null;
  let least = 0;
  for (const { verdict } of undecided) least = Math.max(least, verdict?.metrics.latency?.minimumDetectable ?? 0);
  const seen = least > 0 ? ` It could have seen a change of ${plainPercent(Number(least.toFixed(3)))} or more.` : '';
  return `⚠️ Not decided: the machine was too noisy to tell.${seen} Run again, or gate at a higher limit.`;
}
