import { open, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { glob } from 'tinyglobby';
import { AyciError } from '../errors.ts';
import { quoted } from '../inputs/values.ts';
import { globText, isGlob, type ListFiles } from './paths.ts';
import { LARGEST_CONFIG } from './yaml.ts';

/**
 * The text of a configuration file.
 * @param place how messages name where the path came from: `--config`
 * @throws AyciError `bad-input` where there is none, or it is no text of at most 256 KB
 */
export async function readConfigFile(path: string, place: string): Promise<string> {
  const bad = (what: string, hint: string, cause?: unknown): AyciError =>
    new AyciError('bad-input', `${place}: ${what}, got ${quoted(path)}; expected the path of a YAML file`, {
      hint,
      cause,
    });
  const found = await stat(path).catch((cause: unknown) => {
    throw bad('there is no such file', 'ayci init writes a first one: .github/ayci.yml.', cause);
  });
  if (!found.isFile()) throw bad('is not a regular file', 'Name the file itself.');
  if (found.size > LARGEST_CONFIG)
    throw bad(`has ${found.size} bytes, more than ${LARGEST_CONFIG}`, 'Is it the right file?');
  const bytes = await content(path).catch((cause: unknown) => {
    throw bad('cannot be read', 'Check its permissions.', cause);
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw bad('is not UTF-8 text', 'Save it as UTF-8.', cause);
  }
}

/** At most one byte more than is allowed, whatever has become of the file since it was looked at. */
async function content(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LARGEST_CONFIG + 1), 0, LARGEST_CONFIG + 1, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
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
