import { entryOf, type HistoryEntry, nearestEntry } from '../../archive/history.ts';
import type { Place, Repository } from '../../model/git-repository.ts';
import { GitError } from '../../model/git-run.ts';
import type { ModelKey } from '../../types/model.ts';
import { modelAt } from './model-at.ts';

/** Where a baseline's model is. */
export type FoundBaseline =
  /** In the archive. */
  | { readonly kind: 'key'; readonly key: ModelKey; readonly note: string | null }
  /** In git: here already, or to be fetched with the credentials of the clone. */
  | { readonly kind: 'git'; readonly commit: string; readonly note: string | null }
  /** It is the model that is measured, in this file: that commit has the same. */
  | { readonly kind: 'path'; readonly path: string; readonly note: string | null }
  | { readonly kind: 'none'; readonly reason: string };

export interface Question {
  /** Null where there is no repository around the model, or git refused it. */
  readonly git: Place | null;
  /** The model, as this machine names it. */
  readonly path: string;
  readonly commit: string;
  /** What the archive has of this model on its base branch, the oldest first. */
  readonly history: readonly HistoryEntry[];
  /** Whether the archive still has a model. */
  readonly has: (key: ModelKey) => Promise<boolean>;
}

/** First parents that are looked through for one whose model was recorded. */
const LINEAGE = 500;

/** Generations that a shallow clone is deepened by to find one: its large files are not in git. */
const DEEPENING = 50;

const short = (commit: string): string => commit.slice(0, 7);
const none = (reason: string): FoundBaseline => ({ kind: 'none', reason });

/**
 * The model of one commit: as the history recorded it there, else as git has it, else as the history recorded it at an
 * ancestor with the same file. Another commit's model never stands in for one that git could tell to be different.
 */
export async function findBaseline(question: Question): Promise<FoundBaseline> {
  const { git, commit, history, has } = question;
  const recorded = entryOf(history, commit);
  if (recorded !== null && (await has(recorded.key))) return { kind: 'key', key: recorded.key, note: null };
  if (git === null) return none(`the history does not have ${short(commit)}, and there is no git repository to ask`);
  const missing = await git.repository.bring(commit);
  if (missing !== null) {
    return none(
      `${short(commit)} is not in this clone and could not be fetched (${missing}): check out with fetch-depth: 2, or let actions/checkout keep its credentials`,
    );
  }
  try {
    return await inGit(question, git);
  } catch (thrown) {
    if (thrown instanceof GitError) return none(`git does not give ${short(commit)}: ${thrown.message}`);
    throw thrown;
  }
}

async function inGit(question: Question, { repository, path }: Place): Promise<FoundBaseline> {
  const { commit, history, has } = question;
  const there = await modelAt(repository, commit, path, question.path);
  switch (there.kind) {
    case 'file':
      return { kind: 'git', commit, note: null };
    case 'same':
      return { kind: 'path', path: question.path, note: null };
    case 'pointer': {
      if (there.key !== null && (await has(there.key))) return { kind: 'key', key: there.key, note: null };
      if (there.canResolve) return { kind: 'git', commit, note: null };
      const key = await unchangedSince(repository, commit, there.file, history, has);
      return key === null ? none(`${short(commit)}: ${there.why}`) : { kind: 'key', key, note: null };
    }
    case 'absent': {
      const { head } = repository;
      const isTracked = head !== null && (await modelAt(repository, head, path, question.path)).kind !== 'absent';
      if (isTracked) return none(`the model is not in ${short(commit)}: it is new`);
      return built(repository, commit, history, has);
    }
    case 'refused':
      return none(`${short(commit)}: ${there.why}`);
  }
}

/** The nearest ancestor that was recorded and whose model the archive has, the commit itself included; null: none. */
async function recordedAncestor(
  repository: Repository,
  commit: string,
  history: readonly HistoryEntry[],
  has: Question['has'],
): Promise<ReturnType<typeof nearestEntry>> {
  if (history.length === 0) return null;
  let found = nearestEntry(history, await repository.lineage(commit, LINEAGE));
  if (found === null && repository.shallow && (await repository.deepen(DEEPENING, [commit])) === null) {
    found = nearestEntry(history, await repository.lineage(commit, LINEAGE));
  }
  return found !== null && (await has(found.entry.key)) ? found : null;
}

/** A model that git does not keep: what a job of its branch last built and measured. */
async function built(
  repository: Repository,
  commit: string,
  history: readonly HistoryEntry[],
  has: Question['has'],
): Promise<FoundBaseline> {
  const found = await recordedAncestor(repository, commit, history, has);
  if (found === null) {
    return none(`git does not keep the model, and neither ${short(commit)} nor a commit before it was measured`);
  }
  const note =
    found.distance === 0
      ? null
      : `git does not keep the model: judged by ${short(found.entry.commit)}, ${found.distance} ${found.distance === 1 ? 'commit' : 'commits'} before ${short(commit)}; what came between counts as this change's`;
  return { kind: 'key', key: found.entry.key, note };
}

/** The key of the nearest recorded ancestor, if the pointer and all that lies beside it are the same there. */
async function unchangedSince(
  repository: Repository,
  commit: string,
  file: string,
  history: readonly HistoryEntry[],
  has: Question['has'],
): Promise<ModelKey | null> {
  const found = await recordedAncestor(repository, commit, history, has);
  if (found === null) return null;
  const folder = file.includes('/') ? file.slice(0, file.lastIndexOf('/')) : null;
  const idAt = async (at: string): Promise<string | null> =>
    // At the top there is no folder but the whole tree: the pointer alone.
    (await repository.entry(at, folder ?? file))?.id ?? null;
  const now = await idAt(commit);
  return now !== null && now === (await idAt(found.entry.commit)) ? found.entry.key : null;
}
