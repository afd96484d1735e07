import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AyciError } from '../errors.ts';
import { requireModel } from '../model/exists.ts';
import type { ModelTask, RunTask } from '../types/task.ts';
import { defaultBranch, type Environment } from './event.ts';

/** A run that a maintainer starts for somebody else's pull request, whose models are data to it. */
export interface ForkRun extends AsyncDisposable {
  readonly task: RunTask;
  /** The pull request's newest commit. */
  readonly commit: string;
}

export interface ForkRequest {
  readonly pull: number;
  readonly token: string | null;
  readonly env: Environment;
  readonly payload: unknown;
  readonly signal: AbortSignal;
  readonly placeOf: (input: string) => string;
}

function checkEvent({ env, payload, placeOf, token }: ForkRequest): string {
  const place = placeOf('pull-request');
  const branch = defaultBranch(env, payload);
  const event = env.GITHUB_EVENT_NAME ?? 'none';
  if (event !== 'workflow_dispatch' || branch === null || env.GITHUB_REF !== `refs/heads/${branch}`) {
    throw new AyciError(
      'bad-input',
      `${place}: is for runs that a maintainer starts, got the event ${event} on ${env.GITHUB_REF ?? 'no ref'}; expected workflow_dispatch on the default branch`,
      { hint: 'docs/forks.md has the workflow.' },
    );
  }
  if (token !== null) return token;
  throw new AyciError('bad-input', `${place}: the pull request cannot be read without a github-token`);
}

/**
 * The task with the pull request's own models in the place of those that are checked out, which become their baselines.
 * @throws AyciError `bad-input` under another event, or where a model of the pull request cannot be had as data
 */
export async function forkRun(task: RunTask, request: ForkRequest): Promise<ForkRun> {
  const token = checkEvent(request);
  const [owner = '', repo = ''] = (request.env.GITHUB_REPOSITORY ?? '').split('/');
  const [{ openClient }, { forkModel }] = await Promise.all([import('./client.ts'), import('./poster/fork-model.ts')]);
  const client = await openClient({ token, apiUrl: request.env.GITHUB_API_URL || null, signal: request.signal });
  const folder = await mkdtemp(join(tmpdir(), 'ayci-fork-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const commits = new Set<string>();
    const models: ModelTask[] = [];
    for (const [at, model] of task.models.entries()) {
      const path = model.inputs.model;
      const own = join(folder, String(at));
      const found = await forkModel(client, { owner, repo, pull: request.pull, path, folder: own });
      commits.add(found.commit);
      const isHere = await requireModel(path, request.placeOf('model')).then(
        () => true,
        () => false,
      );
      const baseline = model.inputs.baseline ?? (isHere ? ({ kind: 'path', path } as const) : null);
      models.push({ ...model, inputs: { ...model.inputs, model: found.file, baseline }, shownAs: path });
    }
    const [first, ...others] = models;
    const [commit, ...moved] = commits;
    if (first === undefined || commit === undefined || moved.length > 0) {
      throw new AyciError(
        'bad-input',
        `${request.placeOf('pull-request')}: the pull request got new commits meanwhile`,
        {
          hint: 'Run again.',
        },
      );
    }
    return { task: { ...task, models: [first, ...others] }, commit, [Symbol.asyncDispose]: remove };
  } catch (thrown) {
    await remove();
    throw thrown;
  }
}
