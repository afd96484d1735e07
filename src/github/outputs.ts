import * as core from '@actions/core';
import { visible } from '../report/escape.ts';
import { changeText } from '../report/format.ts';
import { rowsOf } from '../report/view.ts';
import type { ReportPaths } from '../report/write.ts';
import type { Report } from '../types/report.ts';
import type { Published } from './publish.ts';

/** GitHub keeps ten annotations of a kind a step. */
const MOST_ANNOTATIONS = 10;

/** The action's outputs; each is a line of text. */
export function writeOutputs(report: Report, paths: ReportPaths, published: Published): void {
  const regressed = report.models.flatMap((model) =>
    model.cells
      .filter((cell) => cell.verdict?.state === 'regressed')
      .map((cell) => ({ model: model.path, ...cell.config })),
  );
  const best = report.models[0]?.best.balanced ?? null;
  core.setOutput('verdict', report.verdict);
  core.setOutput('gate', report.gate);
  core.setOutput('regression-count', String(regressed.length));
  core.setOutput('regressions', JSON.stringify(regressed));
  core.setOutput('report-path', paths.markdown);
  core.setOutput('best-configuration', best === null ? '' : JSON.stringify(best));
  core.setOutput('artifact-url', published.artifactUrl ?? '');
  core.setOutput('comment-url', published.commentUrl ?? '');
}

/** One annotation a regressed cell, worst first; @actions/core escapes what the runner would take for a command. */
export function annotate(report: Report, now: Date): void {
  const rows = report.models.flatMap((model) => rowsOf(model, now).map((row) => ({ model, row })));
  const regressed = rows.filter(({ row }) => row.cell.verdict?.state === 'regressed');
  for (const { model, row } of regressed.slice(0, MOST_ANNOTATIONS)) {
    const latency = row.cell.verdict?.metrics.latency;
    const change = latency === undefined ? '' : `: ${changeText(latency.change, latency.low, latency.high)}`;
    core.error(`${visible(model.path)} is ${row.word} at ${row.name}${change}`, { title: `AYCI: ${row.word}` });
  }
  if (regressed.length > MOST_ANNOTATIONS)
    core.warning(`${regressed.length - MOST_ANNOTATIONS} more regressed cells are in the report`);
  if (report.error !== null) core.warning(visible(report.error.message, 500), { title: 'AYCI: could not measure all' });
}
