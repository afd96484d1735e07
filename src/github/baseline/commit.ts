import { COMMIT, type Repository } from '../../model/git-repository.ts';
import { at, defaultBranch, type Environment, textAt } from '../event.ts';

/** How a baseline's commit was chosen. */
export type How =
  | 'parent of the merge commit'
  | 'merge base'
  | 'base of the merge group'
  | 'before the push'
  | 'first parent'
  | 'base of the event';

export interface Candidate {
  readonly commit: string;
  readonly how: How;
  /** What a reader should know of this choice; null: nothing. */
  readonly note: string | null;
}

/** Which commit a run is judged by. */
export type BaselineCommit =
  /** The first one whose model can be had; never empty. */
  | { readonly kind: 'commits'; readonly branch: string | null; readonly candidates: readonly Candidate[] }
  /** What the branch's history accepted last, before the commit that is measured. */
  | { readonly kind: 'newest'; readonly branch: string; readonly head: string | null }
  | { readonly kind: 'none'; readonly reason: string };

/** Generations that are fetched to find a merge base in a shallow clone. */
const DEEPENING = [50, 500];

const none = (reason: string): BaselineCommit => ({ kind: 'none', reason });
const candidate = (commit: string, how: How, note: string | null = null): Candidate => ({ commit, how, note });

function commitAt(payload: unknown, ...path: readonly string[]): string | null {
  const value = textAt(payload, ...path);
  return value !== null && COMMIT.test(value) && !/^0+$/.test(value) ? value : null;
}

/**
 * The commit that a run is judged by: what was there before this change, and nothing that came to the base branch since.
 * It asks the remote only where what is checked out does not tell.
 * @param git null where there is no repository, or git refused it
 */
export async function baselineCommit(
  env: Environment,
  payload: unknown,
  git: Repository | null,
): Promise<BaselineCommit> {
  const event = env.GITHUB_EVENT_NAME ?? '';
  if (at(payload, 'pull_request') !== undefined) return ofPullRequest(env, payload, git);
  if (event === 'merge_group') return ofMergeGroup(payload, git);
  if (event === 'push' && !(env.GITHUB_REF ?? '').startsWith('refs/tags/')) return ofPush(env, payload, git);
  const branch = defaultBranch(env, payload);
  if (branch === null) return none(`the event ${event} does not say which branch is the default one`);
  return { kind: 'newest', branch, head: git?.head ?? env.GITHUB_SHA ?? null };
}

async function ofPullRequest(env: Environment, payload: unknown, git: Repository | null): Promise<BaselineCommit> {
  const branch = textAt(payload, 'pull_request', 'base', 'ref');
  const some = (...candidates: readonly Candidate[]): BaselineCommit => ({ kind: 'commits', branch, candidates });
  const head = commitAt(payload, 'pull_request', 'head', 'sha');
  const stale = commitAt(payload, 'pull_request', 'base', 'sha');
  const out = git?.head ?? null;
  if (git === null || out === null) {
    if (stale === null) return none('nothing is checked out');
    const note = 'there is no checkout to ask: by the base that the event names, which may be older than it should be';
    return some(candidate(stale, 'base of the event', note));
  }
  if (out !== head) {
    const parents = (await git.parents(out)) ?? [];
    const [first] = parents;
    const isMerge = parents.length === 2 && (out === env.GITHUB_SHA || (head !== null && parents.includes(head)));
    const base = parents.find((parent) => parent !== head) ?? first;
    if (isMerge && base !== undefined) return some(candidate(base, 'parent of the merge commit'));
    // A pull request that was merged by squashing: its commit on the base branch.
    if (out === env.GITHUB_SHA && first !== undefined) return some(candidate(first, 'first parent'));
  }
  const found = await mergeBase(git, out, branch, stale);
  return typeof found === 'string' ? none(found) : some(found);
}

/** Where the head itself is checked out: what it was cut from, or last merged. A text says why there is none. */
async function mergeBase(
  git: Repository,
  head: string,
  branch: string | null,
  stale: string | null,
): Promise<Candidate | string> {
  const tip = branch === null ? null : await git.tip(branch);
  const mend = 'check out with fetch-depth: 0, or the merge commit (without ref)';
  let why = 'their histories have nothing in common';
  for (const other of new Set([tip, stale])) {
    if (other === null) continue;
    why = (await git.bring(other)) ?? why;
    let base = await git.mergeBase(head, other);
    for (const by of git.shallow ? DEEPENING : []) {
      if (base !== null) break;
      why = (await git.deepen(by, [head, other])) ?? `it is not among the last ${by} commits`;
      base = await git.mergeBase(head, other);
    }
    // A head that was merged meanwhile, as on a re-run: what it was judged by before.
    if (base === null || (base === head && other === tip && stale !== null && stale !== tip)) continue;
    const note = tip !== null ? null : 'the base branch could not be asked: by the commit of it that the event names';
    return candidate(base, 'merge base', note);
  }
  return `what ${head.slice(0, 7)} was cut from is not known (${why}); ${mend}`;
}

async function ofMergeGroup(payload: unknown, git: Repository | null): Promise<BaselineCommit> {
  const branch = textAt(payload, 'merge_group', 'base_ref')?.replace(/^refs\/heads\//, '') ?? null;
  const base = commitAt(payload, 'merge_group', 'base_sha');
  if (base !== null) {
    return { kind: 'commits', branch, candidates: [candidate(base, 'base of the merge group')] };
  }
  const parent = await firstParent(git, 'the merge group does not name its base');
  return parent === null
    ? none('the merge group does not name its base')
    : { kind: 'commits', branch, candidates: [parent] };
}

async function ofPush(env: Environment, payload: unknown, git: Repository | null): Promise<BaselineCommit> {
  const branch = /^refs\/heads\/(.+)$/.exec(env.GITHUB_REF ?? '')?.[1] ?? null;
  const before = commitAt(payload, 'before');
  const isForced = at(payload, 'forced') === true;
  const why = before === null ? 'the branch is new' : `what was there before, ${before.slice(0, 7)}, cannot be had`;
  const parent = before === null || isForced ? await firstParent(git, why) : null;
  const own = before === null ? [] : [candidate(before, 'before the push')];
  const candidates = [...own, ...(parent === null || parent.commit === before ? [] : [parent])];
  return candidates.length === 0 ? none(why) : { kind: 'commits', branch, candidates };
}

async function firstParent(git: Repository | null, why: string): Promise<Candidate | null> {
  const parent = git?.head === undefined || git.head === null ? null : (await git.parents(git.head))?.[0];
  return parent === undefined || parent === null ? null : candidate(parent, 'first parent', `${why}: by the parent`);
}
