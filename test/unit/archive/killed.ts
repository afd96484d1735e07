import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { readHistory } from '../../../src/archive/history.ts';
import { fetchModel, findConverted, findModel } from '../../../src/archive/models.ts';
import { readKnown } from '../../../src/archive/records.ts';
import { LOCAL_SCOPE } from '../../../src/github/context.ts';
import { sha256 } from '../../../src/model/load.ts';
import { COMMIT, CONVERTED, measurementsOf, modelIn, type Order, type Place, storeOf } from './child.ts';

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));

/** How a child ended, and what it said it had written. */
export interface Ended {
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
  readonly said: readonly string[];
}

/** @param killAfterMs when it is killed from outside, from its first word on; null: not */
export async function runChild(order: Order, killAfterMs: number | null = null): Promise<Ended> {
  const child = spawn(process.execPath, [CHILD, JSON.stringify(order)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  let timer: NodeJS.Timeout | undefined;
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk;
    if (killAfterMs !== null) timer ??= setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  clearTimeout(timer);
  return { code, signal, said: text.split('\n').slice(0, -1) };
}

/** Holds an archive to what a run had written when it ended: all that it said, nothing unreadable, nothing half. */
export async function expectReadable(place: Place, run: string, ended: Ended, scratch: string): Promise<void> {
  const store = storeOf(place);
  const [one] = measurementsOf(run);
  const { measurements, notes } = await readKnown(store, LOCAL_SCOPE, one?.candidateKey ?? '');
  expect(notes).toEqual([]);
  const batches = measurements
    .filter((measured) => measured.run === run)
    .map((measured) => String(measured.config.batch));
  expect(batches).toEqual(['1', '2', '3'].slice(0, batches.length));
  expect(batches).toEqual(expect.arrayContaining(ended.said.filter((line) => line !== 'done')));

  const model = await modelIn(scratch);
  const kept = await findModel(store, LOCAL_SCOPE, model.key);
  if (kept !== null) {
    const files = await fetchModel(store, kept, await mkdtemp(join(scratch, 'fetched-')));
    expect(files.map(({ path, sha256: hash }) => [path, hash])).toEqual(
      model.files.map((file) => [file.path, file.sha256]),
    );
  }
  const converted = await findConverted(store, LOCAL_SCOPE, { key: model.key, ...CONVERTED });
  for (const file of converted?.artifact.files ?? []) {
    const key = file.url.startsWith('archive:') ? file.url.slice('archive:'.length) : null;
    const bytes = key === null ? null : (await store.read(key))?.bytes;
    const found = bytes ?? (await readFile(fileURLToPath(file.url)));
    expect(sha256(found)).toBe(file.sha256);
  }
  const { entries, notes: said } = await readHistory(store, LOCAL_SCOPE, 'main', 'model.onnx');
  expect(said).toEqual([]);
  if (ended.said.includes('done')) {
    expect(entries.map((entry) => entry.commit)).toEqual([COMMIT]);
    expect(kept).not.toBeNull();
    expect(converted).not.toBeNull();
  }
}
