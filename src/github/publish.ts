import * as core from '@actions/core';
import type { Settings } from '../inputs/settings.ts';
import { visible } from '../report/escape.ts';
import type { Report } from '../types/report.ts';
import { at, textAt } from './event.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What a report is published with. */
export interface Publishing {
  readonly env: Environment;
  readonly payload: unknown;
  /** The pull request to tell, where the event has none. */
  readonly pull: { readonly number: number; readonly commit: string } | null;
  readonly settings: Settings;
  /** A secret; null: none was given. */
  readonly token: string | null;
  readonly reportDir: string;
  readonly inputs: unknown;
  readonly now: Date;
  readonly signal: AbortSignal;
}

export interface Published {
  readonly artifactUrl: string | null;
  readonly pageUrl: string | null;
  readonly commentUrl: string | null;
}

function runUrl({ GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run }: Environment) {
  return server && repository && run ? `${server}/${repository}/actions/runs/${run}` : null;
}

/** The report as an artifact of the run. What goes wrong is a warning: the verdict stays. */
export async function publishArtifact(publishing: Publishing): Promise<Omit<Published, 'commentUrl'>> {
  const { env, settings, reportDir } = publishing;
  // Outside a job there is no service to upload to.
  if (!settings.artifact || !env.ACTIONS_RUNTIME_TOKEN) return { artifactUrl: null, pageUrl: null };
  const [{ uploadReport }, { artifactName }] = await Promise.all([
    import('./artifact.ts'),
    import('./artifact-name.ts'),
  ]);
  const name = artifactName({
    tag: settings.commentTag,
    job: env.GITHUB_JOB ?? 'job',
    attempt: env.GITHUB_RUN_ATTEMPT ?? '1',
    of: [publishing.inputs, env.RUNNER_OS, env.RUNNER_ARCH],
  });
  const uploaded = await uploadReport(reportDir, { env, name });
  if (uploaded.warning !== null) core.warning(visible(uploaded.warning, 500));
  return { artifactUrl: uploaded.url, pageUrl: uploaded.pageUrl };
}

/** One comment on the pull request, edited in place. What goes wrong is a warning: the verdict stays. */
export async function publishComment(
  report: Report,
  publishing: Publishing,
  artifact: Omit<Published, 'commentUrl'>,
): Promise<string | null> {
  const { env, payload, settings, token, now, signal } = publishing;
  const pull = publishing.pull?.number ?? at(payload, 'pull_request', 'number');
  const [owner, repo] = (env.GITHUB_REPOSITORY ?? '').split('/');
  if (typeof pull !== 'number' || !owner || !repo || settings.comment === 'never') return null;
  if (token === null) {
    core.warning('comment: there is no github-token to post it with. Leave the input out, or set `comment: never`.');
    return null;
  }
  const [{ openClient }, { publishComment: post }, { hasNews, renderComment }] = await Promise.all([
    import('./client.ts'),
    import('./comment/index.ts'),
    import('../report/comment/index.ts'),
  ]);
  const run = {
    tag: settings.commentTag,
    commit: publishing.pull?.commit ?? textAt(payload, 'pull_request', 'head', 'sha'),
    runId: Number(env.GITHUB_RUN_ID ?? 0),
    attempt: Number(env.GITHUB_RUN_ATTEMPT ?? 1),
  };
  const { body } = renderComment(report, {
    ...run,
    requestsPerMonth: settings.requestsPerMonth,
    now,
    runUrl: runUrl(env),
    reportUrl: artifact.pageUrl,
    artifactUrl: artifact.artifactUrl,
  });
  const client = await openClient({ token, apiUrl: env.GITHUB_API_URL || null, signal });
  const target = { owner, repo, pull };
  const posted = await post(client, target, { ...run, body, mode: settings.comment, news: hasNews(report) });
  if (posted.warning !== null) core.warning(visible(posted.warning, 500));
  return posted.url;
}
