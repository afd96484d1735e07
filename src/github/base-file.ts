import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readTextFile, type TextFile } from '../config/text-file.ts';
import { openRepository } from '../model/git-repository.ts';
import { GitError, runGit } from '../model/git-run.ts';
import { baselineCommit } from './baseline/commit.ts';
import { workflowGit } from './baseline/index.ts';
import type { Environment } from './event.ts';

/** A file as the base of a pull request has it. */
export interface BaseFile {
  readonly text: string;
  /** All files of that commit: what its globs are for. */
  readonly files: readonly string[];
}

/**
 * A text file (a configuration, requirements) at the commit that a pull request is compared with; null where that commit
 * has none, or cannot be read here (`note` says why).
 * @throws AyciError `bad-input` where the base's is no such text
 */
export async function baseFile(
  named: TextFile,
  env: Environment,
  payload: unknown,
  token: string | null,
): Promise<{ readonly file: BaseFile | null; readonly note: string | null }> {
  const path = named.name;
  const unread = (why: string) => ({ file: null, note: `The base's ${path} could not be read: ${why}.` });
  try {
    const { repository, path: inside } = await openRepository(resolve(path), workflowGit(env, token));
    const chosen = await baselineCommit(env, payload, repository);
    const commit = chosen.kind === 'commits' ? chosen.candidates[0]?.commit : undefined;
    if (commit === undefined) return unread(chosen.kind === 'none' ? chosen.reason : 'the event has no base');
    const missing = await repository.bring(commit);
    if (missing !== null) return unread(missing);
    const entry = await repository.entry(commit, inside);
    if (entry?.kind !== 'file') return { file: null, note: null };
    const folder = await mkdtemp(join(tmpdir(), 'ayci-base-'));
    try {
      const copy = join(folder, 'copy');
      await repository.copy(entry.id, copy);
      // From the folder that the run is in: globs and paths of the file are relative to it.
      const here = { ...repository.options, cwd: process.cwd() };
      const listed = await runGit(here, ['ls-tree', '-r', '-z', '--name-only', commit]);
      const files = listed.split('\0').filter((name) => name !== '');
      const text = await readTextFile(copy, { ...named, place: `${named.place} of the base` });
      return { file: { text, files }, note: null };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  } catch (thrown) {
    if (thrown instanceof GitError) return unread(thrown.message);
    throw thrown;
  }
}
