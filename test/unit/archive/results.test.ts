import { readFile } from 'node:fs/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { CANDIDATE, SANDBOXES, variedMeasurements } from '../../../bench/support/archive-measurements.ts';
import { encodeResults } from '../../../src/archive/codec.ts';
import { folderArchive } from '../../../src/archive/folder.ts';
import { appendHistory, HISTORY_LENGTH, type HistoryEntry, readHistory } from '../../../src/archive/history.ts';
import { layout } from '../../../src/archive/keys.ts';
import { keepResults, readKnown } from '../../../src/archive/records.ts';
import { resultsWriter } from '../../../src/archive/results.ts';
import { AyciError } from '../../../src/errors.ts';
import { LOCAL_SCOPE } from '../../../src/github/context.ts';
import type { ArchiveStore } from '../../../src/ports.ts';
import { temporaryFolder } from '../../support/folder.ts';

const AT = layout('local').results(CANDIDATE);
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A store that counts, and does first what it is told to. */
function watched(store: ArchiveStore, before: { read?: () => Promise<void>; write?: () => Promise<void> } = {}) {
  const counts = { reads: 0, writes: 0, atOnce: 0, mostAtOnce: 0 };
  const over: ArchiveStore = {
    ...store,
    async read(key) {
      counts.reads += 1;
      await before.read?.();
      return store.read(key);
    },
    async write(key, bytes, ifMatch) {
      counts.writes += 1;
      counts.atOnce += 1;
      counts.mostAtOnce = Math.max(counts.mostAtOnce, counts.atOnce);
      try {
        await before.write?.();
        return await store.write(key, bytes, ifMatch);
      } finally {
        counts.atOnce -= 1;
      }
    },
  };
  return { store: over, counts };
}

describe('results', () => {
  it('are written packed, at most 400 bytes a sandbox however few measurements', async () => {
    await using folder = await temporaryFolder();
    for (const count of [1, 100]) {
      const store = folderArchive(`${folder.path}/${count}`);
      const all = variedMeasurements(count, count);
      await keepResults(store, LOCAL_SCOPE, CANDIDATE, all);
      const bytes = (await store.read(AT))?.bytes ?? new Uint8Array();
      expect([...bytes.subarray(0, 2)]).toEqual([0x1f, 0x8b]);
      expect(bytes.length / (SANDBOXES * count)).toBeLessThanOrEqual(400);
      expect((await readKnown(store, LOCAL_SCOPE, CANDIDATE)).measurements).toHaveLength(count);
    }
  });

  it('that an earlier version wrote plain are read and go on packed', async () => {
    await using folder = await temporaryFolder();
    const store = folderArchive(folder.path);
    const [first, second] = variedMeasurements(2, 1);
    if (first === undefined || second === undefined) throw new Error('two');
    await store.write(AT, encodeResults([first]), null);
    expect((await readKnown(store, LOCAL_SCOPE, CANDIDATE)).measurements).toHaveLength(1);
    await keepResults(store, LOCAL_SCOPE, CANDIDATE, [second]);
    expect(gunzipSync((await store.read(AT))?.bytes ?? '').length).toBeGreaterThan(0);
    expect((await readKnown(store, LOCAL_SCOPE, CANDIDATE)).measurements.map((one) => one.measuredAt)).toEqual([
      first.measuredAt,
      second.measuredAt,
    ]);
  });

  it('that are there already are not added again', async () => {
    await using folder = await temporaryFolder();
    const store = folderArchive(folder.path);
    const all = variedMeasurements(3, 1);
    await keepResults(store, LOCAL_SCOPE, CANDIDATE, all);
    await keepResults(store, LOCAL_SCOPE, CANDIDATE, all);
    expect((await readKnown(store, LOCAL_SCOPE, CANDIDATE)).measurements).toHaveLength(3);
  });

  it.each([
    ['damaged', bytesOf('{"schema":1'), 'it is damaged (not JSON)'],
    ['of a newer schema', bytesOf('{"schema":2,"anything":[]}'), "it has schema 2, newer than this version's 1"],
    ['packed and of a newer schema', gzipSync('{"schema":3}'), 'it has schema 3'],
    [
      'half of a packed one',
      gzipSync(encodeResults(variedMeasurements(1, 1))).subarray(0, 300),
      'it is damaged (not gzip)',
    ],
    ['a bomb', gzipSync(Buffer.alloc(65 * 1024 * 1024)), 'it unpacks to more than 67108864 bytes'],
    ['100 MB large', Buffer.alloc(100 * 1024 * 1024), 'it has 104857600 bytes'],
    ['nested without end', bytesOf('['.repeat(1_000_000)), 'it is damaged (not JSON)'],
    [
      'planted with hostile strings',
      bytesOf('{"schema":1,"environments":[],"records":[],"\\u001b[2J\\n::error::\\u202e":1}'),
      'it is damaged (',
    ],
  ])('that are %s are passed over with a note, kept, and go on beside', async (_name, bytes, problem) => {
    await using folder = await temporaryFolder();
    const store = folderArchive(folder.path);
    await store.write(AT, bytes, null);
    await keepResults(store, LOCAL_SCOPE, CANDIDATE, variedMeasurements(1, 1));
    const { measurements, notes } = await readKnown(store, LOCAL_SCOPE, CANDIDATE);
    expect(measurements).toHaveLength(1);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain(`was passed over: ${problem}`);
    expect(notes[0]).toMatch(/^[^\p{Cc}\p{Cf}]{1,700}$/u);
    // What is too large to be read through the store is compared by its file.
    expect(Buffer.from(bytes).equals(await readFile(`${folder.path}/${AT}`))).toBe(true);
  });

  it('are not written where neither object can be read', async () => {
    await using folder = await temporaryFolder();
    const store = folderArchive(folder.path);
    await store.write(AT, bytesOf('x'), null);
    await store.write(layout('local').resultsBeside(CANDIDATE), bytesOf('y'), null);
    await expect(keepResults(store, LOCAL_SCOPE, CANDIDATE, variedMeasurements(1, 1))).rejects.toMatchObject({
      code: 'archive',
      message: expect.stringContaining('.beside.json cannot be read: it is damaged'),
    });
  });
});

describe('a writer of results', () => {
  it('writes one after the other, what came meanwhile together, and loses none', async () => {
    await using folder = await temporaryFolder();
    const all = variedMeasurements(50, 1);
    const { store, counts } = watched(folderArchive(folder.path));
    const writer = resultsWriter(store, LOCAL_SCOPE, CANDIDATE);
    for (const one of all) {
      writer.add([one]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await writer.close();
    expect((await readKnown(store, LOCAL_SCOPE, CANDIDATE)).measurements.map((one) => one.measuredAt)).toEqual(
      all.map((one) => one.measuredAt),
    );
    expect(counts.mostAtOnce).toBe(1);
    expect(counts.writes).toBeLessThan(all.length);
  });

  it('keeps what others write meanwhile', async () => {
    await using folder = await temporaryFolder();
    const plain = folderArchive(folder.path);
    const [mine, others] = [variedMeasurements(5, 1), variedMeasurements(5, 2)].map((list, at) =>
      list.map((one) => ({ ...one, run: `run-${at}` })),
    );
    let next = 0;
    const { store } = watched(plain, {
      write: async () => {
        const other = others?.[next];
        next += 1;
        if (other !== undefined) await keepResults(plain, LOCAL_SCOPE, CANDIDATE, [other]);
      },
    });
    const writer = resultsWriter(store, LOCAL_SCOPE, CANDIDATE);
    writer.add(mine ?? []);
    await writer.close();
    const runs = (await readKnown(plain, LOCAL_SCOPE, CANDIDATE)).measurements.map((one) => one.run);
    expect(runs.filter((run) => run === 'run-0')).toHaveLength(5);
    expect(runs.filter((run) => run === 'run-1')).toHaveLength(5);
  });

  it('tries again what failed, and says at the end what could not be written', async () => {
    await using folder = await temporaryFolder();
    let broken = true;
    const { store } = watched(folderArchive(folder.path), {
      write: async () => {
        if (broken) throw new AyciError('archive', 'the disk is full');
      },
    });
    const [first, second, third] = variedMeasurements(3, 1);
    if (first === undefined || second === undefined || third === undefined) throw new Error('three');
    const writer = resultsWriter(store, LOCAL_SCOPE, CANDIDATE);
    writer.add([first]);
    await expect.poll(() => writer.failure?.message).toBe('the disk is full');
    broken = false;
    writer.add([second]);
    await writer.close();
    expect(writer.failure).toBeNull();
    expect((await readKnown(store, LOCAL_SCOPE, CANDIDATE)).measurements).toHaveLength(2);
    broken = true;
    const failing = resultsWriter(store, LOCAL_SCOPE, CANDIDATE);
    failing.add([third]);
    await expect(failing.close()).rejects.toThrow('the disk is full');
  });

  it('with nothing to write writes nothing', async () => {
    await using folder = await temporaryFolder();
    const { store, counts } = watched(folderArchive(folder.path));
    await resultsWriter(store, LOCAL_SCOPE, CANDIDATE).close();
    expect(counts).toMatchObject({ reads: 0, writes: 0 });
  });
});

describe('the history of a branch', () => {
  const BASE = { write: 'o/r/base', read: ['o/r/base'] };
  const PR = { write: 'o/r/pr', read: ['o/r/base', 'o/r/pr'] };
  const entry = (at: number): HistoryEntry => ({
    commit: at.toString(16).padStart(40, '0'),
    key: `${'a'.repeat(64)}-10`,
    verdict: at % 2 === 0 ? 'pass' : 'regressed',
    accepted: at % 2 === 0,
    at: new Date(Date.UTC(2026, 10, 24) + at * 1000).toISOString(),
  });

  it('is in order, read by pull requests, and written by the base branch alone', async () => {
    await using folder = await temporaryFolder();
    const store = folderArchive(folder.path);
    for (const at of [2, 0, 1, 2]) await appendHistory(store, BASE, 'feature/x', 'models/m.onnx', entry(at));
    const { entries, notes } = await readHistory(store, PR, 'feature/x', 'models/m.onnx');
    expect(entries).toEqual([entry(0), entry(1), entry(2)]);
    expect(notes).toEqual([]);
    expect(await store.has('o/r/base/history/feature%2Fx/models%2Fm.onnx.json')).toBe(true);
    expect((await readHistory(store, PR, 'main', 'models/m.onnx')).entries).toEqual([]);
    await expect(appendHistory(store, PR, 'main', 'm.onnx', entry(0))).rejects.toMatchObject({ code: 'internal' });
  });

  it('keeps the newest', async () => {
    await using folder = await temporaryFolder();
    const store = folderArchive(folder.path);
    for (let at = 0; at < HISTORY_LENGTH + 3; at += 1) await appendHistory(store, BASE, 'main', 'm.onnx', entry(at));
    const { entries } = await readHistory(store, BASE, 'main', 'm.onnx');
    expect(entries).toHaveLength(HISTORY_LENGTH);
    expect(entries[0]).toEqual(entry(3));
    expect(entries.at(-1)).toEqual(entry(HISTORY_LENGTH + 2));
  });

  it('loses nothing of runs that append at once', async () => {
    await using folder = await temporaryFolder();
    const store = folderArchive(folder.path);
    await Promise.all(Array.from({ length: 16 }, (_, at) => appendHistory(store, BASE, 'main', 'm.onnx', entry(at))));
    expect((await readHistory(store, BASE, 'main', 'm.onnx')).entries).toHaveLength(16);
  });

  it.each([
    ['damaged', 'x'],
    ['newer', '{"schema":2}'],
    ['of a strange verdict', JSON.stringify({ schema: 1, entries: [{ ...entry(0), verdict: 'fine' }] })],
    ['of a strange commit', JSON.stringify({ schema: 1, entries: [{ ...entry(0), commit: '--upload-pack=x' }] })],
  ])('that is %s is passed over with a note, and kept', async (_name, text) => {
    await using folder = await temporaryFolder();
    const store = folderArchive(folder.path);
    const at = layout('o/r/base').history('main', 'm.onnx');
    await store.write(at, bytesOf(text), null);
    await appendHistory(store, BASE, 'main', 'm.onnx', entry(1));
    const { entries, notes } = await readHistory(store, PR, 'main', 'm.onnx');
    expect(entries).toEqual([entry(1)]);
    expect(notes[0]).toContain('was passed over');
    expect(new TextDecoder().decode((await store.read(at))?.bytes)).toBe(text);
  });
});
