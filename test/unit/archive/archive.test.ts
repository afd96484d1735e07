import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeResults, encodeResults } from '../../../src/archive/codec.ts';
import { folderArchive } from '../../../src/archive/folder.ts';
import { layout, segment } from '../../../src/archive/keys.ts';
import { findKnown } from '../../../src/archive/match.ts';
import { keepResults, readKnown } from '../../../src/archive/records.ts';
import { LOCAL_SCOPE } from '../../../src/github/context.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { measurement } from '../../support/measurements.ts';

const one = measurement([0.01, 0.02, 0.03, 0, -0.01, 0.005]);
const key = one.candidateKey;
const decode = (text: string) => decodeResults(new TextEncoder().encode(text));

describe('results', () => {
  it('come back as they were written, six digits a figure', () => {
    const decoded = decodeResults(encodeResults([one, measurement([1 / 3])]));
    if (!decoded.ok) throw new Error(decoded.problem);
    expect(decoded.measurements[0]).toEqual(one);
    expect(decoded.measurements[1]?.sandboxes[0]?.pair?.cpu).toBe(0.333333);
  });

  it('take at most 400 gzipped bytes a sandbox', () => {
    const many = Array.from({ length: 100 }, (_, at) => measurement([1, 2, 3, 4, 5, 6].map((by) => Math.sin(at * by))));
    expect(gzipSync(encodeResults(many)).length / 600).toBeLessThanOrEqual(400);
  });

  it.each([
    ['no JSON', '{', 'not JSON'],
    ['a newer schema', '{"schema":2}', 'newer'],
    ['another shape', '{"schema":1,"environments":[],"records":[{}]}', 'damaged'],
    [
      'an environment that is not there',
      JSON.stringify({ ...JSON.parse(new TextDecoder().decode(encodeResults([one]))), environments: [] }),
      'no environment 0',
    ],
    [
      'a planted field',
      new TextDecoder().decode(encodeResults([one])).replace('"mode"', '"__proto__":{"x":1},"mode"'),
      'damaged',
    ],
  ])('that are %s are refused with the reason', (_name, text, part) => {
    const decoded = decode(text);
    expect(decoded.ok ? '' : decoded.problem).toContain(part);
  });
});

describe('a record stands for a new measurement', () => {
  const wanted = {
    config: one.config,
    candidateKey: key,
    baselineKey: one.baselineKey,
    provenance: one.provenance,
    firstRequests: 0,
  };
  it('where everything is equal, the newest first', () => {
    const newer = { ...one, measuredAt: '2026-11-25T00:00:00.000Z' };
    expect(findKnown([one, newer], wanted)).toBe(newer);
  });

  it.each([
    ['runtime', { provenance: { ...one.provenance, runtimeDigest: 'sha256:1' } }],
    ['harness', { provenance: { ...one.provenance, harness: '2' } }],
    ['CPU model', { provenance: { ...one.provenance, cpu: 'other' } }],
    ['inputs', { provenance: { ...one.provenance, candidateInputs: ['"x" float32 2 normal'] } }],
    ['baseline', { baselineKey: `${'c'.repeat(64)}-1` }],
    ['batch', { config: { ...one.config, batch: 2 } }],
    ['gate on memory', { firstRequests: 12 }],
  ])('not where the %s is another', (_name, change) => {
    expect(findKnown([one], { ...wanted, ...change })).toBeNull();
  });

  it('where it failed for good, not where it timed out', () => {
    const failed = (code: 'out-of-memory' | 'timeout') => ({ ...one, candidateFailure: { code, message: '' } });
    expect(findKnown([failed('out-of-memory')], wanted)).not.toBeNull();
    expect(findKnown([failed('timeout')], wanted)).toBeNull();
  });
});

describe('the folder', () => {
  it('loses nothing of sixteen processes that write the same results at once', async () => {
    await using folder = await temporaryFolder();
    const writer = fileURLToPath(new URL('../../support/archive-writer.ts', import.meta.url));
    const children = Array.from({ length: 16 }, (_, at) =>
      spawn(process.execPath, [writer, folder.path, `run-${at}`], { stdio: 'inherit' }),
    );
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]));
    expect(codes).toEqual(codes.map(() => 0));
    const { measurements } = await readKnown(folderArchive(folder.path), LOCAL_SCOPE, key);
    expect(new Set(measurements.map((measured) => measured.run)).size).toBe(16);
    expect((await readdir(join(folder.path, 'local', 'results'))).filter((name) => !name.endsWith('.json'))).toEqual(
      [],
    );
  });

  it('writes by compare-and-swap', async () => {
    await using folder = await temporaryFolder();
    const store = folderArchive(folder.path);
    const text = (value: string) => new TextEncoder().encode(value);
    expect(await store.write('a/b', text('1'), null)).toBe(true);
    expect(await store.write('a/b', text('2'), null)).toBe(false);
    const stored = await store.read('a/b');
    expect(await store.write('a/b', text('2'), stored?.etag ?? '')).toBe(true);
    expect(await store.write('a/b', text('3'), stored?.etag ?? '')).toBe(false);
    expect(await store.read('none')).toBeNull();
  });

  it('takes over the lock of a process that died', async () => {
    await using folder = await temporaryFolder();
    const store = folderArchive(folder.path);
    await writeFile(join(folder.path, 'x.lock'), 'dead');
    await utimes(join(folder.path, 'x.lock'), 0, 0);
    expect(await store.write('x', new Uint8Array([1]), null)).toBe(true);
    expect(await readdir(folder.path)).toEqual(['x']);
  });

  it.each(['../x', 'a/../b', '/x', 'a//b', '.', 'a/b c', ''])('refuses the key %j', async (bad) => {
    await using folder = await temporaryFolder();
    await expect(folderArchive(folder.path).read(bad)).rejects.toThrow('is not an object key');
  });

  it('says in one line that it cannot be written', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'file'), '');
    await expect(folderArchive(join(folder.path, 'file')).ready('local')).rejects.toThrow(
      /^archive ".*file": cannot write$/,
    );
  });

  it('keeps a damaged object as it is, goes on beside it, and says so', async () => {
    await using folder = await temporaryFolder();
    const store = folderArchive(folder.path);
    const at = join(folder.path, layout('local').results(key));
    await mkdir(join(folder.path, 'local', 'results'), { recursive: true });
    await writeFile(at, 'half an obj');
    await keepResults(store, LOCAL_SCOPE, key, [one]);
    const known = await readKnown(store, LOCAL_SCOPE, key);
    expect(known.measurements).toEqual([one]);
    expect(known.notes[0]).toContain('was passed over: it is damaged');
    expect(await readFile(at, 'utf8')).toBe('half an obj');
  });
});

describe('a segment of a key', () => {
  it.each([['a/b'], ['..'], ['x y'], ["'!()*~"], ['ключ'], ['a'.repeat(500)]])('of %j is harmless', (text) => {
    expect(segment(text)).toMatch(/^[A-Za-z0-9._%-]+$/);
    expect(segment(text)).not.toMatch(/^\.+$/);
    expect(segment(text).length).toBeLessThanOrEqual(200);
  });

  it('differs where texts differ, however long', () => {
    const long = 'x'.repeat(300);
    expect(segment(`${long}a`)).not.toBe(segment(`${long}b`));
    expect(segment('\ud800')).toBe(segment('\ufffd'));
  });
});
