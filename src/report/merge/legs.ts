import type { Report } from '../../types/report.ts';

/** The report of one job, and what the job's artifact is called. */
export interface Leg {
  readonly name: string;
  readonly report: Report;
}

/** Everything that a reader may call the leg by. */
function wordsOf({ name, report }: Leg): ReadonlySet<string> {
  const cells = report.models.flatMap((model) => model.cells);
  // Cells of other hardware are skipped ones of this leg: they are another leg's to measure.
  const own = cells.filter((cell) => cell.status !== 'skipped');
  return new Set([
    name,
    ...report.models.flatMap(({ path }) => [path, path.split('/').at(-1) ?? path]),
    ...own.flatMap(({ config }) => [config.hardware, config.optimizer]),
  ]);
}

/** Whether this is the leg that `expected` speaks of. */
export function isExpectedLeg(leg: Leg, expected: string): boolean {
  // Artifacts are called after their job: ayci-report-ayci-JOB-1-0123456789ab.
  if (`-${leg.name}-`.includes(`-${expected}-`)) return true;
  const words = wordsOf(leg);
  return words.has(expected) || expected.split(/\s+/).every((word) => words.has(word));
}
