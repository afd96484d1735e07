import type { CellReport, Report } from '../../types/report.ts';
import { ageText, durationText, figure } from '../format.ts';
import { counted, link, MONTH, named, REGION, VERSION, worded } from './text.ts';

/** Addresses of the whole report; null where there is none. */
export interface Links {
  readonly runUrl: string | null;
  readonly reportUrl: string | null;
  readonly artifactUrl: string | null;
}

/** The full report, wherever it is; the run's page, with the job's summary, is there always. */
export function linksText(links: Links): readonly string[] {
  return [
    ...(links.reportUrl === null ? [] : [link('full report', links.reportUrl)]),
    ...(links.runUrl === null ? [] : [link('job summary', links.runUrl)]),
    ...(links.artifactUrl === null ? [] : [link('artifact', links.artifactUrl)]),
  ];
}

function commitsText(report: Report, commit: string | null): string | null {
  const own = commit ?? report.run.commit;
  if (own === null) return null;
  const base = report.run.baseline?.commit ?? report.run.baseCommit;
  return `${named(own.slice(0, 7))}${base === null ? '' : ` against ${named(base.slice(0, 7))}`}`;
}

function oldestReused(cells: readonly CellReport[], now: Date): string {
  let oldest = Number.POSITIVE_INFINITY;
  for (const cell of cells) {
    const at = cell.status === 'reused' ? Date.parse(cell.provenance?.measuredAt ?? '') : Number.NaN;
    if (at < oldest) oldest = at;
  }
  return Number.isFinite(oldest) ? ` (up to ${ageText(now.getTime() - oldest)} old)` : '';
}

/** Which commit, where, how much was measured and reused, what it cost, where all of it is. */
export function footerOf(report: Report, commit: string | null, links: Links, now: Date): string {
  const { run } = report;
  const cells = report.models.flatMap((model) => model.cells);
  const count = (status: CellReport['status']): number => cells.filter((cell) => cell.status === status).length;
  const region = worded(run.priceRegion, REGION);
  const reused = count('reused');
  const skipped = count('skipped');
  const commits = commitsText(report, commit);
  const gated = report.verdict === 'regressed' && report.gate !== 'failed' ? ['this does not fail the build'] : [];
  const parts = [
    ...(commits === null ? [] : [commits]),
    run.target === 'local' ? `measured on the runner, priced as Lambda in ${region}` : `Lambda ${region}`,
    `prices of ${worded(run.priceDate, MONTH)}`,
    [
      `${counted(count('measured'))} measured`,
      `${counted(reused)} reused${oldestReused(cells, now)}`,
      ...(skipped > 0 ? [`${counted(skipped)} skipped`] : []),
    ].join(', '),
    `${counted(run.calls)} calls, ${durationText(run.seconds)}, ${figure(run.spentUsd)} USD`,
    ...gated,
    ...linksText(links),
    `AYCI ${worded(run.ayciVersion, VERSION)}`,
  ];
  return `<sub>${parts.join(' · ')}</sub>`;
}
