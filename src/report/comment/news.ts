import type { Report } from '../../types/report.ts';
import { modelViews } from './models.ts';

/**
 * Whether a report says something that a reader has to know: anything but "the same" and "measured for the first time".
 * With `comment: changes` no comment is made where it does not.
 */
export function hasNews(report: Report): boolean {
  const { run } = report;
  if (report.error !== null || run.gateChanges.length > 0 || (run.legs?.missing.length ?? 0) > 0) return true;
  if (run.waivers.some((waiver) => waiver.state !== 'unused')) return true;
  const quiet = (state: string): boolean => state === 'pass' || state === 'no-baseline';
  return !quiet(report.verdict) || modelViews(report).some((view) => !quiet(view.state) || view.accepted.length > 0);
}
