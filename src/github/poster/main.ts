import { readFile } from 'node:fs/promises';
import * as core from '@actions/core';
import { AyciError, asAyciError, exitCodeOf, explain } from '../../errors.ts';
import { visible } from '../../report/escape.ts';
import { headline } from '../../report/view.ts';
import type { Report } from '../../types/report.ts';
import { openClient } from '../client.ts';
import { renderSummary, writeSummary } from '../summary.ts';
import { type Situation, situationOf } from './event.ts';
import { readPosterInputs } from './inputs.ts';
import { type Posted, post } from './post.ts';

type Environment = Readonly<Record<string, string | undefined>>;

async function payloadOf(path: string | undefined): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path ?? '', 'utf8'));
  } catch (thrown) {
    throw new AyciError('environment', 'GITHUB_EVENT_PATH: is no JSON, got none; expected the payload of an event', {
      cause: thrown,
    });
  }
}

function writeOutputs(posted: Posted): void {
  const report = posted.report;
  core.setOutput('verdict', report?.verdict ?? '');
  core.setOutput('gate', report?.gate ?? '');
  core.setOutput('pull-request', report === null ? '' : String(posted.pull ?? ''));
  core.setOutput('comment-url', report === null ? '' : (posted.published?.url ?? ''));
}

function tell(posted: Posted): void {
  if (posted.report === null || posted.why !== null) {
    core.info(`Nothing posted: ${visible(posted.why ?? 'there is no report', 500)}.`);
    return;
  }
  const { published, pull } = posted;
  if (published?.warning != null) core.warning(visible(published.warning, 1000));
  else core.info(`Comment on pull request ${pull}: ${published?.action}${published?.url ? ` ${published.url}` : ''}`);
}

function failure(report: Report): string {
  if (report.error !== null) return visible(report.error.message, 500);
  const missing = report.run.legs?.missing ?? [];
  if (missing.length > 0 && report.verdict === 'unmeasured') return visible(`no report of ${missing.join(', ')}`, 500);
  const worst = report.models.find((model) => model.verdict === report.verdict);
  return worst === undefined ? report.verdict : `${visible(worst.path)} ${headline(worst)}`;
}

/** After the legs the job is their sum, and may be the one required check; after another run it only tells of it. */
function exitOf(situation: Situation, report: Report | null): number {
  if (situation.kind !== 'same-run' || report === null) return 0;
  if (report.error !== null) return 3;
  if (report.gate !== 'failed') return 0;
  return report.verdict === 'unmeasured' ? 3 : 1;
}

async function run(env: Environment): Promise<number> {
  const settings = readPosterInputs(env);
  core.setSecret(settings.token);
  const situation = situationOf(env, await payloadOf(env.GITHUB_EVENT_PATH));
  const client = await openClient({ token: settings.token, apiUrl: env.GITHUB_API_URL || null });
  const serverUrl = env.GITHUB_SERVER_URL || 'https://github.com';
  const now = new Date();
  const posted = await post(situation, settings, { client, serverUrl, now });
  writeOutputs(posted);
  tell(posted);
  const { report } = posted;
  if (report !== null) await writeSummary(renderSummary(report, { now, artifactUrl: null }).markdown, env);
  const exit = exitOf(situation, report);
  if (report !== null && exit !== 0) core.setFailed(failure(report));
  return exit;
}

/** The sub-action: what ends it is one line and an exit code (2: wrong input or artifact, 3: GitHub refused). */
export async function runPoster(env: Environment): Promise<number> {
  try {
    return await run(env);
  } catch (thrown) {
    const error = asAyciError(thrown);
    core.debug(error.stack ?? '');
    core.setFailed(explain(error));
    return exitCodeOf(error.code);
  }
}
