import * as v from 'valibot';
import { AyciError } from '../../errors.ts';
import { originOf } from '../event.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The run that measured, as GitHub tells of it. */
export interface MeasuredRun {
  readonly owner: string;
  readonly repo: string;
  readonly runId: number;
  readonly attempt: number;
}

/** Where a pull request comes from: what GitHub says of the branch that a run was of. */
export interface Head {
  /** Owner of the repository with the branch. */
  readonly owner: string;
  readonly branch: string;
  readonly sha: string;
  readonly repositoryId: number;
  readonly baseRepositoryId: number;
  /** Whether another repository's owners wrote what ran. */
  readonly fork: boolean;
}

/** What there is to do; decided by the event alone, never by what a run left. */
export type Situation =
  | { readonly kind: 'nothing'; readonly why: string }
  /** A job after the legs, in their run. `pull`: whose comment may be written, where there is one. */
  | {
      readonly kind: 'same-run';
      readonly run: MeasuredRun;
      readonly pull: { readonly number: number; readonly commit: string } | null;
      /** Why the run's token writes no comment, or null. */
      readonly readOnly: string | null;
    }
  /** After a run, with rights of its own. */
  | { readonly kind: 'workflow-run'; readonly run: MeasuredRun; readonly head: Head };

const id = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const sha = v.pipe(v.string(), v.regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/));
const repository = v.object({ id });

const WORKFLOW_RUN = v.object({
  action: v.string(),
  repository,
  workflow_run: v.object({
    id,
    run_attempt: id,
    event: v.string(),
    head_sha: sha,
    head_branch: v.nullable(v.pipe(v.string(), v.maxLength(1000))),
    repository,
    head_repository: v.nullable(v.object({ id, owner: v.object({ login: v.string() }) })),
  }),
});
const PULL_REQUEST = v.object({ pull_request: v.object({ number: id, head: v.object({ sha }) }) });

function parsed<T>(schema: v.GenericSchema<unknown, T>, payload: unknown, event: string): T {
  const result = v.safeParse(schema, payload, { abortEarly: true });
  if (result.success) return result.output;
  const at = v.getDotPath(result.issues[0]) ?? 'its root';
  throw new AyciError(
    'environment',
    `GITHUB_EVENT_PATH: is not what GitHub sends for ${event}, got something else at ${at}; expected its payload`,
  );
}

function ownRun(env: Environment): MeasuredRun {
  const [owner = '', repo = ''] = (env.GITHUB_REPOSITORY ?? '').split('/');
  const [runId, attempt] = [Number(env.GITHUB_RUN_ID), Number(env.GITHUB_RUN_ATTEMPT ?? '1')];
  if (owner === '' || repo === '' || !(runId > 0) || !(attempt > 0)) {
    throw new AyciError(
      'environment',
      'GITHUB_REPOSITORY, GITHUB_RUN_ID: are not set, got none; expected those of a workflow of GitHub',
    );
  }
  return { owner, repo, runId, attempt };
}

function afterRun(env: Environment, payload: unknown): Situation {
  const own = ownRun(env);
  const { action, repository: here, workflow_run: run } = parsed(WORKFLOW_RUN, payload, 'workflow_run');
  const nothing = (why: string): Situation => ({ kind: 'nothing', why });
  if (action !== 'completed') return nothing(`the run is ${action.slice(0, 40)}, not completed`);
  if (run.repository.id !== here.id) return nothing('the run is of another repository');
  if (run.event !== 'pull_request')
    return nothing(`the run was started by ${run.event.slice(0, 40)}, not pull_request`);
  if (run.head_repository === null) return nothing('the repository of the pull request is gone');
  if (run.head_branch === null) return nothing('the run is of no branch');
  return {
    kind: 'workflow-run',
    run: { owner: own.owner, repo: own.repo, runId: run.id, attempt: run.run_attempt },
    head: {
      owner: run.head_repository.owner.login,
      branch: run.head_branch,
      sha: run.head_sha,
      repositoryId: run.head_repository.id,
      baseRepositoryId: here.id,
      fork: run.head_repository.id !== here.id,
    },
  };
}

/**
 * @throws AyciError `bad-input` for an event that would give a stranger's artifacts rights, `environment` where this is
 *   no workflow of GitHub
 */
export function situationOf(env: Environment, payload: unknown): Situation {
  const event = env.GITHUB_EVENT_NAME;
  if (event === 'workflow_run') return afterRun(env, payload);
  if (event === 'pull_request_target') {
    throw new AyciError(
      'bad-input',
      'event: is for no job of AYCI, got pull_request_target; expected workflow_run, or the event that measures',
      { hint: 'docs/forks.md has the two workflows.' },
    );
  }
  const run = ownRun(env);
  if (event !== 'pull_request') return { kind: 'same-run', run, pull: null, readOnly: null };
  const { pull_request: pull } = parsed(PULL_REQUEST, payload, 'pull_request');
  const origin = originOf(env, payload);
  return {
    kind: 'same-run',
    run,
    pull: { number: pull.number, commit: pull.head.sha },
    readOnly:
      origin === 'repository' || origin === 'outside'
        ? null
        : `pull requests of ${origin === 'fork' ? 'forks' : 'Dependabot'} get a token that only reads`,
  };
}
