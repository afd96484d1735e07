import { GitError } from './git-run.ts';

/** What lies at a path of a commit. */
export interface TreeEntry {
  readonly kind: 'file' | 'link' | 'folder' | 'submodule';
  readonly id: string;
}

export interface ListedEntry extends TreeEntry {
  /** In the folder that was listed. */
  readonly path: string;
}

const KINDS: Readonly<Record<string, TreeEntry['kind']>> = {
  '120000': 'link',
  '160000': 'submodule',
  '040000': 'folder',
};

/** Whether all parts of a path are names: git writes no others, and a tree that somebody made by hand may have them. */
function hasNames(path: string): boolean {
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

/** Output of `ls-tree -z`. @throws GitError for a path that leads elsewhere */
export function entriesIn(listed: string): readonly ListedEntry[] {
  return listed.split('\0').flatMap((line) => {
    const [, mode = '', id = '', path] = /^(\d+) \w+ ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
    if (path === undefined) return [];
    if (!hasNames(path))
      throw new GitError(`its tree has ${JSON.stringify(path.slice(0, 80))}, which leads out of its folder`);
    return [{ kind: KINDS[mode] ?? 'file', id, path }];
  });
}
