/** A repository as GitHub's tokens name it. */
export interface Repository {
  readonly owner: string;
  readonly ownerId: string;
  readonly name: string;
  readonly id: string;
}

export const EVENTS = ['pull_request', 'push', 'schedule', 'merge_group', 'release', 'workflow_dispatch'] as const;
export type Event = (typeof EVENTS)[number];

export interface Run {
  readonly repository: Repository;
  readonly event: Event;
  /** The branch of a push, a schedule, a dispatch; the base of a pull request or a merge queue. */
  readonly branch?: string;
  readonly tag?: string;
  readonly environment?: string;
  /** How the subject names the repository: repositories made after July 2026 send their ids. */
  readonly form?: 'names' | 'ids';
  readonly runId?: string;
  readonly attempt?: string;
}

export type Claims = Readonly<Record<string, string | number>>;

const COMMIT = '3f0a1c5b8d2e4f60718293a4b5c6d7e8f9012345';

function refOf({ event, branch = 'main', tag = 'v1.0.0' }: Run): string {
  if (event === 'pull_request') return 'refs/pull/7/merge';
  if (event === 'merge_group') return `refs/heads/gh-readonly-queue/${branch}/pr-7-${COMMIT}`;
  return event === 'release' ? `refs/tags/${tag}` : `refs/heads/${branch}`;
}

/** The subject of a run's token: an environment replaces the event, a pull request names no branch. */
export function subjectOf(run: Run): string {
  const { owner, ownerId, name, id } = run.repository;
  const repository = run.form === 'ids' ? `${owner}@${ownerId}/${name}@${id}` : `${owner}/${name}`;
  if (run.environment !== undefined) return `repo:${repository}:environment:${run.environment}`;
  return `repo:${repository}:${run.event === 'pull_request' ? 'pull_request' : `ref:${refOf(run)}`}`;
}

/** What GitHub's token says of a run, but for its audience and times. */
export function claimsOf(run: Run): Claims {
  const { owner, ownerId, name, id } = run.repository;
  const ref = refOf(run);
  const pullRequest = run.event === 'pull_request';
  const workflow = `${owner}/${name}/.github/workflows/models.yml@${ref}`;
  return {
    sub: subjectOf(run),
    repository: `${owner}/${name}`,
    repository_id: id,
    repository_owner: owner,
    repository_owner_id: ownerId,
    repository_visibility: 'public',
    ref,
    ref_type: run.event === 'release' ? 'tag' : 'branch',
    ref_protected: 'false',
    base_ref: pullRequest ? (run.branch ?? 'main') : '',
    head_ref: pullRequest ? 'faster' : '',
    sha: COMMIT,
    event_name: run.event,
    actor: 'octocat',
    actor_id: '583231',
    workflow: 'Models',
    workflow_ref: workflow,
    workflow_sha: COMMIT,
    job_workflow_ref: workflow,
    job_workflow_sha: COMMIT,
    run_id: run.runId ?? '19000000001',
    run_number: '12',
    run_attempt: run.attempt ?? '1',
    runner_environment: 'github-hosted',
    ...(run.environment === undefined ? {} : { environment: run.environment }),
  };
}
