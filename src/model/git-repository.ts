import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { GitError, type GitOptions, reachGit, runGit, tryGit } from './git-run.ts';
import { entriesIn, type ListedEntry, type TreeEntry } from './git-tree.ts';

/** A clone that a model lies in. Commits are full object names; paths are relative to its top, with slashes. */
export interface Repository {
  readonly options: GitOptions;
  /** Not all commits are here: those of `fetch-depth`. */
  readonly shallow: boolean;
  /** The commit that is checked out; null in a repository without one. */
  readonly head: string | null;
  /** Whether a commit is here, without asking the remote. */
  has(commit: string): Promise<boolean>;
  /** Brings one commit and its tree from the remote, unless it is here. Null: it is here now; else why not. */
  bring(commit: string): Promise<string | null>;
  /** Brings that many more generations of some commits. Null: done; else why not. */
  deepen(by: number, commits: readonly string[]): Promise<string | null>;
  /** The commit of a remote's branch now, as the remote or, where it does not answer, the clone has it. */
  tip(branch: string): Promise<string | null>;
  /** Parents as the commit names them, whether they are here or not; null where the commit is not. */
  parents(commit: string): Promise<readonly string[] | null>;
  /** The commit and its first parents, as far as they are here. */
  lineage(commit: string, limit: number): Promise<readonly string[]>;
  /** Null where what is here does not tell. */
  isAncestor(commit: string, of: string): Promise<boolean | null>;
  mergeBase(one: string, other: string): Promise<string | null>;
  /** Null where that commit, which is here, has nothing there. @throws GitError where its trees cannot be had */
  entry(commit: string, path: string): Promise<TreeEntry | null>;
  /** What lies in a folder of a commit that is here, '' for its top; those of folders below it too, if `deep`. @throws GitError */
  list(commit: string, folder: string, deep: boolean): Promise<readonly ListedEntry[]>;
  /** Writes a file's content into another; fetches it where a partial clone left it out. @throws GitError */
  copy(id: string, into: string): Promise<void>;
}

export interface Place {
  readonly repository: Repository;
  /** The file's or folder's path in it; '' for its top. */
  readonly path: string;
  /** Its commits are not those of the repository that has it. */
  readonly isSubmodule: boolean;
}

export const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** Refuses what would be an option, a pattern or two refs. */
const BRANCH = /^[^\s:*?[\\^~+-][^\s:*?[\\^~]*$/;

/** The nearest folder of a path that is there, and what is left of the path: a commit may have had the rest. */
async function folderAround(path: string): Promise<{ readonly folder: string; readonly rest: string }> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isFolder || dirname(path) === path) return { folder: path, rest: '' };
  const above = await folderAround(dirname(path));
  return { ...above, rest: above.rest === '' ? basename(path) : `${above.rest}/${basename(path)}` };
}

/**
 * The repository around a file or folder, which need not be there any more.
 * @throws GitError where there is none, git is not installed, or it refuses to read it
 */
export async function openRepository(file: string, around: Omit<GitOptions, 'cwd'> = {}): Promise<Place> {
  const { folder, rest } = await folderAround(file);
  const here: GitOptions = { ...around, cwd: folder };
  const asked = ['--show-toplevel', '--show-prefix', '--is-shallow-repository', '--show-superproject-working-tree'];
  const [top = '', prefix = '', shallow = '', outer = ''] = (await runGit(here, ['rev-parse', ...asked])).split('\n');
  if (shallow !== 'true' && shallow !== 'false') throw new GitError('it is a repository without a work tree');
  const options: GitOptions = { ...around, cwd: top };
  const head = await tryGit(options, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']);
  return {
    repository: repositoryOf(options, shallow === 'true', head),
    path: `${prefix}${rest}`.replace(/\/$/, ''),
    isSubmodule: outer !== '',
  };
}

/** The remote that is asked: `origin`, else the first one; null: there is none. */
async function remoteOf(options: GitOptions): Promise<string | null> {
  const names = ((await tryGit(options, ['remote'])) ?? '').split('\n').filter((name) => name !== '');
  return names.find((name) => name === 'origin') ?? names[0] ?? null;
}

function repositoryOf(options: GitOptions, shallow: boolean, head: string | null): Repository {
  const fetch = async (flag: string | null, commits: readonly string[]): Promise<string | null> => {
    const remote = await remoteOf(options);
    if (remote === null) return 'the clone has no remote';
    try {
      const quiet = ['--quiet', '--no-tags', '--no-recurse-submodules', ...(flag === null ? [] : [flag])];
      await reachGit(options, [
        '-c',
        'gc.auto=0',
        '-c',
        'maintenance.auto=false',
        'fetch',
        ...quiet,
        remote,
        ...commits,
      ]);
      return null;
    } catch (thrown) {
      if (thrown instanceof GitError) return thrown.message;
      throw thrown;
    }
  };
  const repository: Repository = {
    options,
    shallow,
    head,
    // Any other question makes a partial clone fetch what it lacks, with all the history before it.
    has: async (commit) =>
      (await tryGit(options, ['rev-list', '--no-walk', '--missing=allow-any', commit, '--'])) === commit,
    async bring(commit) {
      if (await repository.has(commit)) return null;
      // Of a clone that has all history only what is missing comes; a shallow one must not get it all.
      return fetch(shallow ? '--depth=1' : null, [commit]);
    },
    async deepen(by, commits) {
      // Not --deepen: servers do that for what their branches reach, and a head may have been pushed over.
      const here = Number(await tryGit(options, ['rev-list', '--count', ...commits, '--']));
      return fetch(`--depth=${here + by}`, commits);
    },
    async tip(branch) {
      const remote = await remoteOf(options);
      if (remote === null || !BRANCH.test(branch)) return null;
      const listed = await reachGit(options, ['ls-remote', remote, `refs/heads/${branch}`]).catch(() => '');
      const there = listed.split('\n').map((line) => line.split('\t'));
      const found = there.find(([, name]) => name === `refs/heads/${branch}`)?.[0];
      return (
        found ?? tryGit(options, ['rev-parse', '--verify', '--quiet', `refs/remotes/${remote}/${branch}^{commit}`])
      );
    },
    async parents(commit) {
      // By the object itself: rev-list ends where a shallow clone does.
      const object = (await repository.has(commit)) ? await tryGit(options, ['cat-file', 'commit', commit]) : null;
      if (object === null) return null;
      const head = object.split('\n\n', 1)[0] ?? '';
      return [...head.matchAll(/^parent ([0-9a-f]+)$/gm)].map(([, parent = '']) => parent);
    },
    async lineage(commit, limit) {
      if (!(await repository.has(commit))) return [];
      const args = ['rev-list', '--first-parent', `--max-count=${limit}`, commit, '--'];
      return ((await tryGit(options, args)) ?? '').split('\n').filter((line) => COMMIT.test(line));
    },
    async isAncestor(commit, of) {
      if (!(await repository.has(commit)) || !(await repository.has(of))) return null;
      const is = (await tryGit(options, ['merge-base', '--is-ancestor', commit, of])) !== null;
      return is || !shallow ? is : null;
    },
    async mergeBase(one, other) {
      if (!(await repository.has(one)) || !(await repository.has(other))) return null;
      return tryGit(options, ['merge-base', one, other]);
    },
    async entry(commit, path) {
      const listed = await reachGit(options, ['--literal-pathspecs', 'ls-tree', '-z', commit, '--', path]);
      const found = entriesIn(listed).find((entry) => entry.path === path);
      return found === undefined ? null : { kind: found.kind, id: found.id };
    },
    async list(commit, folder, deep) {
      const below = folder === '' ? [] : ['--', `${folder}/`];
      const args = ['--literal-pathspecs', 'ls-tree', '-z', ...(deep ? ['-r'] : []), commit, ...below];
      const start = folder === '' ? 0 : folder.length + 1;
      return entriesIn(await reachGit(options, args)).map((entry) => ({ ...entry, path: entry.path.slice(start) }));
    },
    async copy(id, into) {
      await reachGit(options, ['cat-file', 'blob', id], { into });
    },
  };
  return repository;
}
