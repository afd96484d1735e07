import { readFileSync } from 'node:fs';
import type { Scope } from '../archive/records.ts';
import type { Origin } from '../credentials/index.ts';
import type { AyciError } from '../errors.ts';
import { defaultBranch, type Environment, originOf, refusedEvent } from './event.ts';

/** What GitHub says of the run: who may trust what it writes, and which commit it is of. */
export interface GithubContext {
  readonly scope: Scope;
  readonly commit: string | null;
  readonly baseCommit: string | null;
  readonly runId: string | null;
  /** The base branch, where this run is on it: its history grows. */
  readonly branch: string | null;
  readonly repository: string | null;
  readonly runAttempt: string | null;
  readonly origin: Origin;
  /** Why a run under this event is refused, or null. */
  readonly refusal: AyciError | null;
}

interface Payload {
  readonly pull_request?: { readonly base?: { readonly sha?: unknown } };
}

/** The event's payload, as GitHub wrote it for this run; empty where there is none that can be read. */
export function payloadOf({ GITHUB_EVENT_PATH: path }: Environment): Payload {
  if (path === undefined) return {};
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

/** Somebody else's pull request that a run measures: what it writes is no more trusted than that one's own. */
export interface Measured {
  readonly number: number;
  readonly commit: string;
}

/**
 * Where a run reads and writes in the archive: only runs of the default branch write `base/`, and they read nothing
 * else, so that no pull request can forge what others are judged by.
 */
export function githubContext(env: Environment, pull: Measured | null = null): GithubContext {
  const repository = env.GITHUB_REPOSITORY;
  if (repository === undefined || !/^[\w.-]+\/[\w.-]+$/.test(repository)) {
    return {
      scope: LOCAL_SCOPE,
      commit: null,
      baseCommit: null,
      runId: null,
      branch: null,
      repository: null,
      runAttempt: null,
      origin: 'outside',
      refusal: null,
    };
  }
  const payload = payloadOf(env);
  const branch = defaultBranch(env, payload);
  // Events such as issue_comment and workflow_run run on the default branch on behalf of others.
  const trusting = ['push', 'schedule', 'workflow_dispatch'].includes(env.GITHUB_EVENT_NAME ?? '');
  const trusted = pull === null && trusting && branch !== null && env.GITHUB_REF === `refs/heads/${branch}`;
  const base = `${repository}/base`;
  const pr = `${repository}/pr`;
  const sha = payload.pull_request?.base?.sha;
  return {
    scope: trusted ? { write: base, read: [base] } : { write: pr, read: [base, pr] },
    commit: pull?.commit ?? env.GITHUB_SHA ?? null,
    baseCommit: typeof sha === 'string' ? sha : null,
    branch: trusted ? branch : null,
    repository,
    runAttempt: env.GITHUB_RUN_ATTEMPT ?? null,
    origin: originOf(env, payload),
    refusal: refusedEvent(env, payload),
    runId: env.GITHUB_RUN_ID === undefined ? null : `${env.GITHUB_RUN_ID}-${env.GITHUB_RUN_ATTEMPT ?? '1'}`,
  };
}

/** A run by hand, outside any workflow. */
export const LOCAL_SCOPE: Scope = { write: 'local', read: ['local'] };
