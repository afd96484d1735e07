import picomatch from 'picomatch';
import { quoted, refuse } from '../inputs/values.ts';
import { MODEL_KINDS } from '../model/kinds.ts';
import { type Found, placeOf, refuseAt } from './section.ts';
import { LONGEST_PATH, MOST_MODELS, type Setting } from './table.ts';
import { written } from './values.ts';

/**
 * The files that a path or glob names, relative to the repository's root: of a path itself, or none where it is missing;
 * of a glob all that match.
 */
export type ListFiles = (pattern: string) => Promise<readonly string[]>;

/** Each star multiplies the ways to match: more than any tree needs is refused. */
const MOST_STARS = 16;

export function isGlob(path: string): boolean {
  return /[*?[\]{}]/.test(path);
}

/** Parentheses and bars are letters: no extended globs. */
export function globText(glob: string): string {
  return glob.replaceAll(/(?<!\\)[()|]/g, '\\$&');
}

/** Whether a path is, or matches, what a configuration names. */
export function matcherOf(pattern: string): (path: string) => boolean {
  if (!isGlob(pattern)) return (path) => path === pattern;
  const matches = picomatch(globText(pattern), { noextglob: true, nonegate: true });
  // Its second parameter asks for an object: never hand it to `filter` itself.
  return (path) => matches(path);
}

/** Files of a commit, in the place of those on disk: what is not among them may be a job's own product. */
export function listedFiles(paths: readonly string[]): ListFiles {
  return async (pattern) => (isGlob(pattern) ? paths.filter(matcherOf(pattern)) : [pattern]);
}

/**
 * A path or glob as written, `./` taken away.
 * @throws AyciError `bad-input` where it may lead out of the repository
 */
export function pathOf(found: Found, setting: Setting): string {
  const text = written(found, setting);
  const { value } = text;
  if (value.length > LONGEST_PATH)
    throw refuseAt(found, `has ${value.length} characters; expected at most ${LONGEST_PATH}`);
  if (value.startsWith('/')) throw refuse(text, 'is an absolute path');
  const parts = value.split('/');
  if (parts.includes('..')) throw refuse(text, 'leads out of the repository');
  if (value.includes('\\') && !isGlob(value)) throw refuse(text, 'has a backslash');
  if (value.split('*').length - 1 > MOST_STARS) throw refuse(text, `has more than ${MOST_STARS} stars`);
  const path = parts.filter((part) => part !== '.' && part !== '').join('/');
  if (path === '') throw refuse(text, 'is not the path of a file');
  return path;
}

/**
 * The models that a path or glob names, sorted.
 * @throws AyciError `bad-input` where there is none, or more than `MOST_MODELS`
 */
export async function modelsOf(found: Found, setting: Setting, list: ListFiles): Promise<readonly string[]> {
  const pattern = pathOf(found, setting);
  const files = await list(pattern);
  const place = placeOf(found);
  if (files.length === 0 && !isGlob(pattern)) {
    throw refuse(
      { place, value: pattern, allowed: MODEL_KINDS },
      'there is no such file',
      'Paths begin at the root of the repository.',
    );
  }
  if (files.length === 0) {
    const hint =
      'Is the case right? A glob does not enter node_modules, folders with a dot or symbolic links; \\[ is a bracket.';
    throw refuse({ place, value: pattern, allowed: 'a glob that matches a file' }, 'matches nothing', hint);
  }
  if (files.length > MOST_MODELS) {
    throw refuseAt(
      found,
      `${quoted(pattern)} matches ${files.length} files; expected at most ${MOST_MODELS}`,
      'Narrow it.',
    );
  }
  return [...files].sort();
}
