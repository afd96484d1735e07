import * as core from '@actions/core';
import type { Logger } from '../ports.ts';
import { progressLines } from '../progress.ts';
import { visible } from '../report/escape.ts';
import { renderMarkdown } from '../report/markdown.ts';
import { headline } from '../report/view.ts';
import { writeReports } from '../report/write.ts';
import { exitOf, run } from '../run.ts';
import type { Inputs } from '../types/inputs.ts';
import { type Outside, systemClock, withPorts } from '../wiring/index.ts';
import { annotate, writeOutputs, writeSummary } from './outputs.ts';

const actionsLogger: Logger = {
  info: (line) => core.info(visible(line, 1000)),
  warn: (line) => core.warning(visible(line, 1000)),
  debug: (line) => core.debug(line),
  progress: (line) => core.info(visible(line, 1000)),
};

/** A cancelled job gets SIGINT, and SIGTERM 7.5 s later: what is measured is kept. */
function cancellation(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => controller.abort());
  return controller.signal;
}

/** Runs, writes the reports, and tells GitHub. */
export async function runAction(inputs: Inputs, from: Pick<Outside, 'entry' | 'env' | 'placeOf'>): Promise<void> {
  const outside: Outside = { ...from, inAction: true, logger: actionsLogger, signal: cancellation() };
  await withPorts(inputs, outside, async (ports) => {
    const report = await run([inputs], ports, progressLines(actionsLogger, systemClock, ports.target.facts, false));
    const now = systemClock.date();
    const paths = await writeReports(report, inputs.reportDir, now);
    writeOutputs(report, paths);
    annotate(report, now);
    await writeSummary(renderMarkdown(report, now), from.env);
    const exit = exitOf(report);
    const lines = report.models.map((model) => `${visible(model.path)} ${headline(model)}`);
    for (const [at, line] of lines.entries()) core.info(`${report.models[at]?.verdict}: ${line}`);
    const worst = report.models.findIndex((model) => model.verdict === report.verdict);
    const line = lines[worst] ?? report.verdict;
    if (exit !== 0) core.setFailed(report.error === null ? line : visible(report.error.message, 500));
    process.exitCode = exit;
  });
}
