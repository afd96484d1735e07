import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { glob } from 'tinyglobby';
import { AyciError } from '../errors.ts';
import { quoted } from '../inputs/values.ts';
import { globText, isGlob, type ListFiles } from './paths.ts';
import type { TextFile } from './text-file.ts';
import { LARGEST_CONFIG } from './yaml.ts';

/** A configuration file, as messages speak of it. */
export function configFile(name: string, place: string): TextFile {
  return {
    ...{ place, name, expected: 'the path of a YAML file', largest: LARGEST_CONFIG },
    missing: 'ayci init writes a first one: .github/ayci.yml.',
  };
}

/**
 * The files below a folder. Globs do not enter node_modules, folders with a dot or symbolic links; a path may be a link,
 * as long as it stays inside.
 * @throws AyciError `bad-input` for what lies outside
 */
export function repositoryFiles(root: string): ListFiles {
  const inside = async (path: string): Promise<boolean> => {
    const way = relative(await realpath(root), await realpath(join(root, path)));
    return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
  };
  return async (pattern) => {
    const found = isGlob(pattern) ? await matches(root, pattern) : await one(join(root, pattern), pattern);
    for (const path of found) {
      if (await inside(path)) continue;
      throw new AyciError('bad-input', `models: ${quoted(path)} lies outside the repository; expected a file inside`, {
        hint: 'Is it, or a folder above it, a symbolic link?',
      });
    }
    return found;
  };
}

async function one(path: string, pattern: string): Promise<readonly string[]> {
  return stat(path).then(
    () => [pattern],
    () => [],
  );
}

function matches(root: string, pattern: string): Promise<readonly string[]> {
  return glob(globText(pattern), {
    cwd: root,
    dot: false,
    followSymbolicLinks: false,
    expandDirectories: false,
    extglob: false,
    ignore: ['**/node_modules/**'],
  });
}
