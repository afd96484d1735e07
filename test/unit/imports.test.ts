import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const src = fileURLToPath(new URL('../../src/', import.meta.url));
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));

interface Import {
  readonly from: string;
  /** A path below src, or a package's name. */
  readonly to: string;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(src, file), 'utf8');
  const found = text.matchAll(/(?:\bfrom\s+|\bimport\s*\(\s*|^import\s+)'([^']+)'/gm);
  return [...found].map(([, to = '']) => ({
    from: file,
    to: to.startsWith('.') ? relative(src, join(src, dirname(file), to)) : to,
  }));
}

const all = files.flatMap(importsOf);
const inRoom = (room: string) => (one: Import) => one.from.startsWith(`${room}/`);
const local = (one: Import) => one.to.endsWith('.ts');
const outside = (one: Import) => !local(one);
const show = (ones: Import[]) => ones.map((one) => `${one.from} -> ${one.to}`);
const leaves = (room: string, allowed: readonly string[]) =>
  show(
    all.filter(inRoom(room)).filter((one) => {
      if (one.to.startsWith(`${room}/`)) return false;
      return !allowed.some(
        (prefix) =>
          one.to === prefix || one.to.startsWith(`${prefix}/`) || (one.to.startsWith(prefix) && prefix.endsWith(':')),
      );
    }),
  );

describe('who may import what', () => {
  it('finds the imports at all', () => {
    expect(all.length).toBeGreaterThan(150);
    expect(show(all)).toContain('run.ts -> errors.ts');
  });

  it('types import nothing but each other', () => {
    expect(leaves('types', [])).toEqual([]);
  });

  it('the pure stages import types, errors and their own mathematics', () => {
    expect(
      leaves('analysis', [
        'types',
        'errors.ts',
        '@stdlib/stats-base-dists-t-cdf',
        '@stdlib/stats-base-dists-t-quantile',
      ]),
    ).toEqual([]);
    expect(leaves('plan', ['types', 'errors.ts'])).toEqual([]);
    expect(leaves('inputs', ['types', 'errors.ts', 'leven', 'node:util'])).toEqual([]);
  });

  it('the renderers touch no file but by write.ts', () => {
    const touching = all
      .filter(inRoom('report'))
      .filter(outside)
      .filter((one) => one.to.startsWith('node:'));
    expect(new Set(touching.map((one) => one.from))).toEqual(new Set(['report/write.ts']));
  });

  it('measure knows the Target port and nothing of adapters', () => {
    expect(leaves('measure', ['types', 'errors.ts', 'ports.ts', 'valibot', 'node:'])).toEqual([]);
  });

  it('targets import types, errors and ports, never each other', () => {
    const shared = ['types', 'errors.ts', 'ports.ts', 'target/code-digest.ts', 'node:'];
    expect(leaves('target/local', shared)).toEqual([]);
    expect(leaves('target/lambda', [...shared, '@aws-sdk/client-lambda', '@smithy'])).toEqual([]);
  });

  it('credentials import no adapter', () => {
    expect(leaves('credentials', ['types', 'errors.ts', 'ports.ts', '@aws-sdk/client-sts', 'node:'])).toEqual([]);
  });

  it('models and archives import no analysis and no report', () => {
    for (const room of ['model', 'archive']) {
      const wrong = all
        .filter(inRoom(room))
        .filter((one) => /^(analysis|report|measure|target|github|stages)\//.test(one.to));
      expect(show(wrong)).toEqual([]);
    }
  });

  it('the AWS SDK is in target/lambda, archive/s3 and credentials, @actions in github and the action entry', () => {
    const of = (scope: string) => new Set(all.filter((one) => one.to.startsWith(scope)).map((one) => one.from));
    const rooms = /^(target\/lambda|archive\/s3|credentials)\//;
    expect([...of('@aws-sdk/')].filter((file) => !rooms.test(file))).toEqual([]);
    expect([...of('@actions/')].filter((file) => !file.startsWith('github/') && file !== 'action.ts')).toEqual([]);
  });

  it('only entries set exit codes or read the process environment', () => {
    const pattern = /process\.(exit\b|exitCode|env\b|argv)/;
    const touching = files.filter((file) => pattern.test(readFileSync(join(src, file), 'utf8')));
    expect(touching.sort()).toEqual(['action.ts', 'cli.ts', 'comment.ts', 'github/run.ts', 'target/local/cgroup.ts']);
  });
});
