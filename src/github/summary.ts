import { summary } from '@actions/core';
import { renderMarkdown } from '../report/markdown.ts';
import type { Report } from '../types/report.ts';
import { summaryCharts } from './summary-chart.ts';
import { type Fitted, fitMarkdown } from './summary-fit.ts';

/** GitHub's limit of a step's summary (1 MiB), less some. */
const SUMMARY_BYTES = 1_000_000;
const NOTICE_BYTES = 600;

export interface SummaryOptions {
  readonly now: Date;
  /** Where the whole report is; null where it was not uploaded. */
  readonly artifactUrl: string | null;
  /** Bytes. */
  readonly limit?: number;
}

function notice(leftOut: number, url: string | null): string {
  const where = url === null ? '`report.md`' : `\`report.md\` of the [artifact](${url})`;
  return `**${leftOut} rows are left out** here, the least bad ones: a job summary takes 1 MiB. ${where} has all.`;
}

/** The job's summary: the report, charts where they fit, and what had to be left out. */
export function renderSummary(report: Report, { now, artifactUrl, limit = SUMMARY_BYTES }: SummaryOptions): Fitted {
  const whole = renderMarkdown(report, now);
  const charts = summaryCharts(report);
  const added = charts === '' ? '' : `\n${charts}\n`;
  const free = limit - Buffer.byteLength(added);
  // Charts only repeat the table.
  const withCharts = free - NOTICE_BYTES > limit / 2;
  const end = withCharts ? added : '';
  if (Buffer.byteLength(whole) + Buffer.byteLength(end) <= limit) return { markdown: `${whole}${end}`, leftOut: 0 };
  const fitted = fitMarkdown(whole, (withCharts ? free : limit) - NOTICE_BYTES);
  const [head = '', ...rest] = fitted.markdown.split('\n\n');
  const markdown = [head, notice(fitted.leftOut, artifactUrl), ...rest].join('\n\n');
  return { markdown: `${markdown}${end}`, leftOut: fitted.leftOut };
}

/** Adds it to the job's summary, where the runner takes one. */
export async function writeSummary(markdown: string, env: Readonly<Record<string, string | undefined>>): Promise<void> {
  if (!env.GITHUB_STEP_SUMMARY) return;
  await summary.addRaw(markdown).write();
}
