import { AyciError } from '../../errors.ts';
import { hasNews, renderComment } from '../../report/comment/index.ts';
import { mergeReports } from '../../report/merge.ts';
import type { Report } from '../../types/report.ts';
import type { GithubClient } from '../client.ts';
import { type Published, publishComment } from '../comment/index.ts';
import type { Head, MeasuredRun, Situation } from './event.ts';
import type { PosterSettings } from './inputs.ts';
import { legsOf } from './legs.ts';
import { findPull } from './pull.ts';

export interface PostOptions {
  readonly client: GithubClient;
  /** `https://github.com`: addresses in the comment are made of it, and of nothing that a report says. */
  readonly serverUrl: string;
  readonly now: Date;
}

/** What became of it. Without a report there was nothing to do, for the reason in `why`. */
export type Posted =
  | { readonly report: null; readonly why: string }
  | {
      readonly report: Report;
      readonly pull: number | null;
      readonly published: Published | null;
      /** Why nothing was posted, or null. */
      readonly why: string | null;
    };

interface Pull {
  readonly number: number;
  readonly commit: string;
}

interface Target {
  readonly run: MeasuredRun;
  readonly pull: Pull | null;
  readonly why: string | null;
  readonly head: Head | null;
}

/** Which run and which pull request, by the event and GitHub's API alone. */
async function targetOf(situation: Situation, client: GithubClient): Promise<Target | { readonly nothing: string }> {
  if (situation.kind === 'nothing') return { nothing: situation.why };
  if (situation.kind === 'same-run') {
    const { run, pull, readOnly } = situation;
    const why = pull === null ? 'this run is of no pull request' : readOnly;
    return { run, pull: readOnly === null ? pull : null, why, head: null };
  }
  const { run, head } = situation;
  const found = await findPull(client, run, head);
  if ('none' in found) return { nothing: found.none };
  return { run, pull: { number: found.number, commit: head.sha }, why: null, head };
}

/** What is known by itself stands for what the report says of it. */
function asMeasuredBy(report: Report, { pull, head }: Target): Report {
  const notes = head?.fork
    ? [
        "Measured in the pull request's own workflow run, whose files it can change: the figures are its own word.",
        ...report.run.notes,
      ]
    : report.run.notes;
  return { ...report, run: { ...report.run, commit: pull?.commit ?? report.run.commit, notes } };
}

async function publish(
  report: Report,
  { owner, repo, runId, attempt }: MeasuredRun,
  pull: Pull,
  settings: PosterSettings,
  { client, serverUrl, now }: PostOptions,
): Promise<Published> {
  const runUrl = `${serverUrl}/${owner}/${repo}/actions/runs/${runId}`;
  const which = { tag: settings.commentTag, commit: pull.commit, runId, attempt };
  const links = { runUrl, reportUrl: null, artifactUrl: `${runUrl}#artifacts` };
  const { requestsPerMonth } = settings;
  const { body } = renderComment(report, { ...which, ...links, requestsPerMonth, now });
  const target = { owner, repo, pull: pull.number };
  return publishComment(client, target, { ...which, body, mode: settings.comment, news: hasNews(report) });
}

/**
 * Merges what the legs of a run left and posts it on the pull request that the event names.
 *
 * @throws AyciError `bad-input` where an artifact is no report of AYCI (nothing is posted then), `environment` where
 *   GitHub refuses or, in a job after the legs, no leg left a report
 */
export async function post(situation: Situation, settings: PosterSettings, options: PostOptions): Promise<Posted> {
  const target = await targetOf(situation, options.client);
  if ('nothing' in target) return { report: null, why: target.nothing };
  const { run, pull, why } = target;
  const legs = await legsOf(options.client, run, settings.artifact);
  if (legs.length === 0) {
    const none = `run ${run.runId} left no artifact that is called ${settings.artifact}`;
    if (target.head !== null) return { report: null, why: none };
    throw new AyciError('environment', `artifact: ${none}, got none; expected a report of each leg`, {
      hint: 'Each leg uploads its own, unless it has `artifact: no` or ended before.',
    });
  }
  const report = asMeasuredBy(mergeReports(legs, { expected: settings.expected }), target);
  if (pull === null) return { report, pull: null, published: null, why };
  const published = await publish(report, run, pull, settings, options);
  return { report, pull: pull.number, published, why: null };
}
