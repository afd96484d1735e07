import type { BaselineRef } from '../types/inputs.ts';
import { refuse, type Written } from './values.ts';

/** A path, `git:<ref>`, `key:<model key>` or `archive:<branch>`. */
export function parseBaseline(written: Written): BaselineRef {
  const value = written.value;
  if (value.startsWith('git:')) {
    const ref = value.slice(4);
    // A ref that starts with a dash would be read as an option by git.
    if (!/^[^\s:?*[\\-][^\s:?*[\\]*$/.test(ref)) throw refuse(written, 'is not a git ref');
    return { kind: 'git', ref };
  }
  if (value.startsWith('key:')) {
    const key = value.slice(4);
    if (!/^[0-9a-f]{64}-\d{1,15}$/.test(key)) throw refuse(written, 'is not a model key (<sha256>-<size>)');
    return { kind: 'key', key };
  }
  if (value.startsWith('archive:')) {
    const branch = value.slice(8);
    if (!/^[^\s:?*[\\\p{Cc}-][^\s:?*[\\\p{Cc}]{0,199}$/u.test(branch))
      throw refuse(written, 'is not the name of a branch');
    return { kind: 'archive', branch };
  }
  return { kind: 'path', path: value };
}

/** A baseline as a user would write it; `parseBaseline` reads it back. */
export function baselineText(ref: BaselineRef): string {
  switch (ref.kind) {
    case 'path':
      return ref.path;
    case 'git':
      return `git:${ref.ref}`;
    case 'key':
      return `key:${ref.key}`;
    case 'archive':
      return `archive:${ref.branch}`;
  }
}
