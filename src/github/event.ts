import type { Origin } from '../credentials/index.ts';
import { AyciError } from '../errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The value at a path of an event's payload, which GitHub wrote and anybody's pull request may fill. */
export function at(payload: unknown, ...path: readonly string[]): unknown {
  let value = payload;
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}

/** A text at a path of a payload, else null. */
export function textAt(payload: unknown, ...path: readonly string[]): string | null {
  const value = at(payload, ...path);
  return typeof value === 'string' ? value : null;
}

/** The repository's default branch. Scheduled runs are always on it, and old servers' events of them do not name it. */
export function defaultBranch(env: Environment, payload: unknown): string | null {
  const named = textAt(payload, 'repository', 'default_branch');
  if (named !== null || env.GITHUB_EVENT_NAME !== 'schedule') return named;
  return /^refs\/heads\/(.+)$/.exec(env.GITHUB_REF ?? '')?.[1] ?? null;
}

/** GitHub's names are equal whatever their case. */
function isRepository(value: unknown, env: Environment): boolean {
  return typeof value === 'string' && value.toLowerCase() === env.GITHUB_REPOSITORY?.toLowerCase();
}

/** Whose run this is. A pull request whose fork was deleted has no head repository, and is a fork's all the same. */
export function originOf(env: Environment, payload: unknown): Origin {
  if (env.GITHUB_ACTIONS !== 'true') return 'outside';
  // On a re-run by somebody else it stays the actor of the run.
  if (env.GITHUB_ACTOR === 'dependabot[bot]') return 'dependabot';
  if (at(payload, 'pull_request') === undefined) return 'repository';
  if (at(payload, 'pull_request', 'user', 'login') === 'dependabot[bot]') return 'dependabot';
  return isRepository(at(payload, 'pull_request', 'head', 'repo', 'full_name'), env) ? 'repository' : 'fork';
}

/**
 * Events that run with the base branch's rights on what a stranger's pull request may hold: a model is code of whoever
 * wrote it, so it is not measured there.
 *
 * @returns the error to end with (exit code 2), or null where the event is fine.
 */
export function refusedEvent(env: Environment, payload: unknown): AyciError | null {
  const event = env.GITHUB_EVENT_NAME;
  const refuse = (got: string): AyciError =>
    new AyciError(
      'bad-input',
      `event: a model of a pull request would run with the rights of the base branch, got ${got}; expected pull_request`,
      { hint: 'Measure under `on: pull_request`, and post what it found from a workflow_run that runs no model.' },
    );
  if (event === 'pull_request_target') return refuse('pull_request_target');
  if (event !== 'workflow_run') return null;
  const cause = at(payload, 'workflow_run', 'event');
  if (typeof cause !== 'string') return refuse('workflow_run without the event that caused it');
  if (cause.startsWith('pull_request')) return refuse(`workflow_run after ${cause.slice(0, 40)}`);
  const head = at(payload, 'workflow_run', 'head_repository', 'full_name');
  return isRepository(head, env) ? null : refuse('workflow_run of another repository');
}
