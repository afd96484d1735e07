import { type HistoryEntry, standings } from '../../archive/history.ts';
import { openRepository, type Place, type Repository } from '../../model/git-repository.ts';
import { GitError, type GitOptions } from '../../model/git-run.ts';
import type { BaselineRef } from '../../types/inputs.ts';
import type { ModelKey } from '../../types/model.ts';
import { defaultBranch, type Environment } from '../event.ts';
import { workflowGit } from '../workflow-git.ts';
import { baselineCommit, type How } from './commit.ts';
import { findBaseline } from './find.ts';

export { workflowGit } from '../workflow-git.ts';
export { alreadyOnBase } from './standing.ts';

/** The baseline that a run in a workflow gets by itself. */
export interface GithubBaseline {
  /** Null: nothing to compare with, the run only measures; `note` says why. */
  readonly ref: Extract<BaselineRef, { kind: 'path' | 'git' | 'key' }> | null;
  /** The commit that the change is judged by, as far as it is known. */
  readonly commit: string | null;
  readonly how: How | 'newest of the history' | null;
  readonly from: 'history' | 'git' | null;
  readonly note: string | null;
  /** The branch that was judged by, and what the archive has of the model there: for `alreadyOnBase`. */
  readonly branch: string | null;
  readonly history: readonly HistoryEntry[];
}

/** What the choice needs of the run's surroundings. */
export interface Surroundings {
  readonly env: Environment;
  readonly payload: unknown;
  /** The token that a checkout without kept credentials fetches with; null: none. */
  readonly token: string | null;
  /** What the archive has of the model on a branch, the oldest first. */
  readonly history: (branch: string) => Promise<readonly HistoryEntry[]>;
  /** Whether the archive has a model. */
  readonly has: (key: ModelKey) => Promise<boolean>;
}

const short = (commit: string): string => commit.slice(0, 7);

/**
 * Chooses a model's baseline from the event, the checkout and the archive. Where there is none the note says why, and
 * what to do; it never fails a run.
 * @param path the model as it is named on this machine
 */
export async function githubBaseline(path: string, around: Surroundings): Promise<GithubBaseline> {
  const { env, payload, has } = around;
  const opened = await open(path, workflowGit(env, around.token));
  const git = typeof opened === 'string' ? null : opened;
  const chosen = await baselineCommit(env, payload, git?.repository ?? null);
  const unread = git === null ? ` (${opened})` : '';
  const nothing = { ref: null, commit: null, how: null, from: null, branch: null, history: [] } as const;
  if (chosen.kind === 'none') return { ...nothing, note: measuredOnly(`${chosen.reason}${unread}`) };
  if (chosen.kind === 'newest') {
    const history = await around.history(chosen.branch);
    return newest(chosen.branch, chosen.head, history, git?.repository ?? null, has);
  }
  const branch = chosen.branch ?? defaultBranch(env, payload);
  const history = branch === null ? [] : await around.history(branch);
  const reasons: string[] = [];
  for (const { commit, how, note } of chosen.candidates) {
    const found = await findBaseline({ git, path, commit, history, has });
    if (found.kind === 'none') {
      reasons.push(found.reason);
      continue;
    }
    const notes = [note, found.note].filter((one) => one !== null);
    const from = found.kind === 'key' ? 'history' : 'git';
    const said = notes.length === 0 ? null : `Baseline: ${notes.join('; ')}.`;
    return { ref: refOf(found), commit, how, from, note: said, branch, history };
  }
  const [first] = chosen.candidates;
  return {
    ...nothing,
    commit: first?.commit ?? null,
    note: measuredOnly(`${reasons.join('; ')}${unread}`),
    branch,
    history,
  };
}

function refOf(found: Exclude<Awaited<ReturnType<typeof findBaseline>>, { kind: 'none' }>): GithubBaseline['ref'] {
  if (found.kind === 'key') return { kind: 'key', key: found.key };
  return found.kind === 'git' ? { kind: 'git', ref: found.commit } : { kind: 'path', path: found.path };
}

function measuredOnly(reason: string): string {
  return `No baseline, measured only: ${reason}.`;
}

async function open(path: string, around: Omit<GitOptions, 'cwd'>): Promise<Place | string> {
  try {
    const place = await openRepository(path, around);
    return place.isSubmodule ? 'the model lies in a submodule' : place;
  } catch (thrown) {
    if (thrown instanceof GitError) return thrown.message;
    throw thrown;
  }
}

/**
 * What the branch accepted last before the measured commit. A run of that commit itself does not count: a second one,
 * or a re-run, would be compared with what the first has written.
 */
async function newest(
  branch: string,
  head: string | null,
  history: readonly HistoryEntry[],
  git: Repository | null,
  has: Surroundings['has'],
): Promise<GithubBaseline> {
  const own = history.findIndex(({ commit }) => commit === head);
  const before = own < 0 ? history : history.slice(0, own);
  const standing = standings(before);
  let found: HistoryEntry | null = null;
  for (const entry of before.filter((_, index) => standing[index]).reverse()) {
    // Where a shallow clone does not tell, the history's own order does.
    const isLater = git !== null && head !== null && (await git.isAncestor(entry.commit, head)) === false;
    if (isLater) continue;
    found = entry;
    break;
  }
  const base = { how: 'newest of the history', branch, history } as const;
  const none = (reason: string): GithubBaseline => ({
    ...base,
    ref: null,
    commit: null,
    from: null,
    note: measuredOnly(reason),
  });
  if (found === null) return none(`the archive knows no accepted model of ${branch} before this commit yet`);
  if (!(await has(found.key))) {
    const kept = `the archive no longer has the model that ${branch} accepted at ${short(found.commit)}`;
    return none(kept);
  }
  return { ...base, ref: { kind: 'key', key: found.key }, commit: found.commit, from: 'history', note: null };
}
