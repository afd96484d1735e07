import { describe, expect, it } from 'vitest';
import {
  basePrefix,
  environmentsKey,
  environmentsPrefix,
  generationOf,
  keyAt,
  ownPrefix,
} from '../../../src/github/cache/keys.ts';

const BASE = { write: 'o/r/base', read: ['o/r/base'] };
const OTHER = { write: 'o/r/pr', read: ['o/r/base', 'o/r/pr'] };
const HOST = `${process.platform}-${process.arch}`;

describe('keys of the archive', () => {
  it('are apart for the base branch, each pull request and each other ref', () => {
    const of = (ref: string, pull: number | null = null) => ownPrefix(OTHER, { GITHUB_REF: ref }, pull);
    expect(ownPrefix(BASE, { GITHUB_REF: 'refs/heads/main' }, null)).toBe(basePrefix());
    expect(of('refs/pull/12/merge')).toBe(`ayci-archive-1-${HOST}-pr-12-`);
    expect(of('refs/heads/main', 12)).toBe(of('refs/pull/12/merge'));
    const prefixes = ['refs/pull/1/merge', 'refs/pull/12/merge', 'refs/heads/x', 'refs/heads/y', ''].map((ref) =>
      of(ref),
    );
    for (const one of [basePrefix(), ...prefixes]) {
      expect([basePrefix(), ...prefixes].filter((other) => other.startsWith(one))).toEqual([one]);
    }
  });

  it('take no text of a branch: its name may be anything', () => {
    const prefix = ownPrefix(OTHER, { GITHUB_REF: 'refs/heads/a,b-base-$(x)' }, null);
    expect(prefix).toMatch(/^ayci-archive-1-[\w-]+-ref-[0-9a-f]{12}-$/);
    expect(ownPrefix(OTHER, { GITHUB_REF: 'refs/pull/1/merge/../../x' }, null)).toContain('-ref-');
  });

  it('count generations, none of which begins another', () => {
    const keys = [1, 2, 10, 11, 100].map((generation) => keyAt(basePrefix(), generation));
    expect(keys.map(generationOf)).toEqual([1, 2, 10, 11, 100]);
    for (const key of keys) expect(keys.filter((other) => other.startsWith(key))).toEqual([key]);
    expect([null, 'x', `${basePrefix()}abc`].map(generationOf)).toEqual([0, 0, 0]);
  });
});

describe('keys of environments', () => {
  it('change with requirements, image and Python', () => {
    const keys = [
      environmentsPrefix(['a'], {}),
      environmentsPrefix(['a', 'b'], {}),
      environmentsPrefix(['a'], { ImageOS: 'ubuntu26' }),
      environmentsPrefix(['a'], { AYCI_PYTHON: '/usr/bin/python3.12' }),
    ];
    expect(new Set(keys).size).toBe(4);
    expect(environmentsPrefix(['a'], { ImageOS: 'x,y\n' })).toMatch(/^[\w.-]+$/);
  });

  it('do not change with the order of names', () => {
    expect(environmentsKey('p-', ['a', 'b'])).toBe(environmentsKey('p-', ['b', 'a']));
    expect(environmentsKey('p-', ['a'])).not.toBe(environmentsKey('p-', ['a', 'b']));
  });
});
