import * as core from '@actions/core';
import { readSettings, type Settings } from '../inputs/settings.ts';
import type { RawInputs } from '../inputs/table.ts';
import type { Logger } from '../ports.ts';
import { progressLines } from '../progress.ts';
import { visible } from '../report/escape.ts';
import { headline } from '../report/view.ts';
import { writeReports } from '../report/write.ts';
import { exitOf, run } from '../run.ts';
import { commonOf } from '../stages/report.ts';
import type { Report } from '../types/report.ts';
import type { RunTask } from '../types/task.ts';
import { type Outside, readTask, systemClock, withPorts } from '../wiring/index.ts';
import { payloadOf } from './context.ts';
import { annotate, writeOutputs } from './outputs.ts';
import { type Publishing, publishArtifact, publishComment } from './publish.ts';
import { renderSummary, writeSummary } from './summary.ts';

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

/** The run's last lines, and the job's colour. */
function conclude(report: Report): void {
  const lines = report.models.map((model) => `${visible(model.path)} ${headline(model)}`);
  for (const [at, line] of lines.entries()) core.info(`${report.models[at]?.verdict}: ${line}`);
  const worst = report.models.findIndex((model) => model.verdict === report.verdict);
  const exit = exitOf(report);
  if (exit !== 0) {
    core.setFailed(report.error === null ? (lines[worst] ?? report.verdict) : visible(report.error.message, 500));
  }
  process.exitCode = exit;
}

/** Runs, writes the reports, and tells GitHub. */
export async function runAction(raw: RawInputs, from: Pick<Outside, 'entry' | 'env' | 'placeOf'>): Promise<void> {
  const outside: Outside = { ...from, inAction: true, logger: actionsLogger, signal: cancellation() };
  const token = raw['github-token'] ?? null;
  if (token !== null) core.setSecret(token);
  const settings = readSettings(raw, from.placeOf);
  const own = await readTask(raw, outside);
  if (settings.pullRequest === null) {
    await measureAndTell({ raw, settings, task: own, outside: { ...outside, token }, pull: null });
    return;
  }
  const { forkRun } = await import('./fork-run.ts');
  const { env, signal, placeOf } = outside;
  const request = { pull: settings.pullRequest, token, payload: payloadOf(env), env, signal, placeOf };
  await using fork = await forkRun(own, request);
  const pull = { number: settings.pullRequest, commit: fork.commit };
  await measureAndTell({ raw, settings, task: fork.task, outside: { ...outside, token, pull }, pull });
}

interface Work {
  readonly raw: RawInputs;
  readonly settings: Settings;
  readonly task: RunTask;
  readonly outside: Outside;
  /** The pull request that is told of it, where the event has none. */
  readonly pull: { readonly number: number; readonly commit: string } | null;
}

async function measureAndTell({ raw, settings, task, outside, pull }: Work): Promise<void> {
  const { env } = outside;
  const { reportDir } = commonOf(task);
  const token = outside.token ?? null;
  await withPorts(commonOf(task), outside, async (ports) => {
    const report = await run(task, ports, progressLines(actionsLogger, systemClock, ports.target.facts, false));
    const now = systemClock.date();
    const paths = await writeReports(report, reportDir, now);
    annotate(report, now);
    const { 'github-token': _, ...inputs } = raw;
    const publishing: Publishing = {
      ...{ env, payload: payloadOf(env), pull, settings, token, reportDir, inputs, now },
      // A cancelled job still has some seconds to say what it has.
      signal: AbortSignal.timeout(120_000),
    };
    const artifact = await publishArtifact(publishing);
    const summary = renderSummary(report, { now, artifactUrl: artifact.artifactUrl });
    await writeSummary(summary.markdown, env);
    const commentUrl = await publishComment(report, publishing, artifact);
    writeOutputs(report, paths, { ...artifact, commentUrl });
    conclude(report);
  });
}
