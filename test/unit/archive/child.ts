// A run's writes in a process of its own, which can be told to die: node child.ts ORDER (JSON of `Order`).
import { writeSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { folderArchive } from '../../../src/archive/folder.ts';
import { appendHistory } from '../../../src/archive/history.ts';
import { findConverted, keepConverted, keepModel } from '../../../src/archive/models.ts';
import { keepResults } from '../../../src/archive/records.ts';
import { createS3Archive } from '../../../src/archive/s3/index.ts';
import { LOCAL_SCOPE } from '../../../src/github/context.ts';
import { nullLogger } from '../../../src/log.ts';
import { keyOf, sha256 } from '../../../src/model/load.ts';
import type { ArchiveStore } from '../../../src/ports.ts';
import type { Model } from '../../../src/types/model.ts';
import { measurement } from '../../support/measurements.ts';

export type Place =
  | { readonly kind: 'folder'; readonly path: string }
  | {
      readonly kind: 's3';
      readonly endpoint: string;
      readonly bucket: string;
      readonly id: string;
      readonly secret: string;
    };

export interface Order {
  readonly place: Place;
  /** Names the run in its measurements. */
  readonly run: string;
  /** A folder for the model's files. */
  readonly scratch: string;
  /** `all` that a run writes, or its `results` alone. */
  readonly what: 'all' | 'results';
  /** The writing request before which, or right after which, the process kills itself; null: none. */
  readonly die: { readonly at: number; readonly when: 'before' | 'after' } | null;
}

export function storeOf(place: Place): ArchiveStore {
  if (place.kind === 'folder') return folderArchive(place.path);
  return createS3Archive({
    bucket: place.bucket,
    prefix: 'ayci',
    region: 'us-east-1',
    endpoint: place.endpoint,
    credentials: async () => ({ accessKeyId: place.id, secretAccessKey: place.secret }),
    logger: nullLogger,
    placeOf: (input) => input,
  });
}

/** Measurements of a run, in the order in which it keeps them. */
export function measurementsOf(run: string) {
  return [1, 2, 3].map((batch) =>
    measurement([0.01 * batch], { run, config: { hardware: 'x86_64', optimizer: 'onnx', memoryMb: 1769, batch } }),
  );
}

/** A model of two files, written to a folder. */
export async function modelIn(folder: string): Promise<Model> {
  const files = await Promise.all(
    ['model.onnx', 'weights.bin'].map(async (path) => {
      const bytes = new TextEncoder().encode(`bytes of ${path}`);
      await writeFile(join(folder, path), bytes);
      return { path, sha256: sha256(bytes), size: bytes.length, source: join(folder, path) };
    }),
  );
  return {
    path: 'model.onnx',
    framework: 'onnx',
    key: keyOf(files),
    entry: 'model.onnx',
    files,
    signature: { inputs: [], outputs: [] },
    operators: {},
    parameters: 0,
    opsets: {},
  };
}

export const CONVERTED = {
  optimizer: 'onnx',
  hardware: 'x86_64',
  converterDigest: `sha256:${'d'.repeat(64)}`,
} as const;
export const COMMIT = 'c'.repeat(40);

/** A store in front of which the process dies. */
function dying(store: ArchiveStore, die: Order['die']): ArchiveStore {
  let count = 0;
  async function counted<T>(work: () => Promise<T>): Promise<T> {
    count += 1;
    if (die?.at === count && die.when === 'before') process.kill(process.pid, 'SIGKILL');
    const result = await work();
    if (die?.at === count && die.when === 'after') process.kill(process.pid, 'SIGKILL');
    return result;
  }
  return {
    ...store,
    write: (key, bytes, ifMatch) => counted(() => store.write(key, bytes, ifMatch)),
    putFile: (key, source) => counted(() => store.putFile(key, source)),
  };
}

async function run(order: Order): Promise<void> {
  const store = dying(storeOf(order.place), order.die);
  const model = await modelIn(order.scratch);
  const [one] = measurementsOf(order.run);
  for (const measured of measurementsOf(order.run)) {
    await keepResults(store, LOCAL_SCOPE, one?.candidateKey ?? '', [measured]);
    // Synchronous: what was said is out before the process dies.
    writeSync(1, `${measured.config.batch}\n`);
  }
  if (order.what === 'results') return;
  await keepModel(store, LOCAL_SCOPE, model);
  const id = { key: model.key, ...CONVERTED };
  if ((await findConverted(store, LOCAL_SCOPE, id)) === null) {
    // A converter that writes other bytes every time.
    const bytes = new TextEncoder().encode(`converted by ${order.run}`);
    const path = join(order.scratch, 'converted.onnx');
    await writeFile(path, bytes);
    const files = [{ path: 'model.onnx', sha256: sha256(bytes), size: bytes.length }];
    const manifest = { schema: 1, framework: 'onnx', path: 'model.onnx', entry: 'model.onnx', files } as const;
    const full = { ...manifest, files: [...files], optimizeMs: 1, compileMs: null };
    await keepConverted(store, LOCAL_SCOPE, id, full, new Map([['model.onnx', path]]));
  }
  const at = '2026-11-24T00:00:00.000Z';
  await appendHistory(store, LOCAL_SCOPE, 'main', 'model.onnx', {
    ...{ commit: COMMIT, key: model.key, verdict: 'pass', accepted: true, at },
  });
  writeSync(1, 'done\n');
}

const [, script, order] = process.argv;
if (script === import.meta.filename && order !== undefined) await run(JSON.parse(order) as Order);
