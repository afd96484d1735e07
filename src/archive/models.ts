import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { AyciError } from '../errors.ts';
import type { ArchiveStore } from '../ports.ts';
import type { Model, ModelFile, ModelKey } from '../types/model.ts';
import type { Artifact } from '../types/protocol.ts';
import { layout } from './keys.ts';
import type { ManifestFile } from './manifest.ts';
import type { Scope } from './records.ts';
import { findStored, type KeptModel, type KeyOf, putStored, storedArtifact } from './stored.ts';

export { type Converted, type ConvertedId, findConverted, keepConverted } from './converted.ts';

const modelKeys =
  (prefix: string, key: ModelKey): KeyOf =>
  (object) =>
    layout(prefix).model(key, object);

/** A model that an earlier run kept, or null. */
export async function findModel(store: ArchiveStore, scope: Scope, key: ModelKey): Promise<KeptModel | null> {
  for (const prefix of scope.read) {
    const kept = await findStored(store, modelKeys(prefix, key));
    if (kept !== null) return kept;
  }
  return null;
}

function speaksOf(kept: KeptModel, model: Model): boolean {
  const lines = (files: readonly Pick<ManifestFile, 'path' | 'sha256' | 'size'>[]): string =>
    JSON.stringify(files.map(({ path, sha256, size }) => [path, sha256, size]));
  return kept.manifest.entry === model.entry && lines(kept.manifest.files) === lines(model.files);
}

/** Keeps a model as submitted, under its key, unless it is kept already; says where it is. */
export async function keepModel(store: ArchiveStore, scope: Scope, model: Model): Promise<KeptModel> {
  const before = await findModel(store, scope, model.key);
  // A manifest may be planted: the model's own list decides.
  if (before !== null && speaksOf(before, model)) return before;
  const files = model.files.map(({ path, sha256, size }) => ({ path, sha256, size }));
  const { framework, path, entry } = model;
  const sources = new Map(model.files.map((file) => [file.path, file.source]));
  const manifest = { schema: 1 as const, framework, path, entry, files, optimizeMs: null, compileMs: null };
  return putStored(store, modelKeys(scope.write, model.key), manifest, sources);
}

/** A model as runtimes that read the archive get it; it is kept first where it was not yet. */
export async function keptArtifact(store: ArchiveStore, scope: Scope, model: Model): Promise<Artifact> {
  return storedArtifact(store, await keepModel(store, scope, model));
}

/** A model's files where they are on this machine: no second copy. */
export function artifactOf(model: Model): Artifact {
  const files = model.files.map(({ path, sha256, size, source }) => ({
    path,
    sha256,
    size,
    url: pathToFileURL(source).href,
  }));
  return { entry: model.entry, files };
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) hash.update(chunk);
  return hash.digest('hex');
}

/**
 * The files of a kept model on this machine, verified.
 * @param folder where they are brought to from a remote archive; a folder's are read in place
 * @throws AyciError `archive` where an object is gone or is not what the manifest says
 */
export async function fetchModel(store: ArchiveStore, kept: KeptModel, folder: string): Promise<readonly ModelFile[]> {
  const files: ModelFile[] = [];
  for (const [index, file] of kept.manifest.files.entries()) {
    const object = kept.objects[index] ?? '';
    const source = store.remote ? join(folder, file.path) : fileURLToPath(await store.readUrl(object));
    const wrong = (what: string): AyciError =>
      new AyciError('archive', `archive ${store.name}: ${object} ${what}`, { hint: 'Name the baseline by its path.' });
    if (store.remote && !(await store.getFile(object, source))) throw wrong('is not there any more');
    if ((await sha256Of(source)) !== file.sha256) throw wrong('is damaged: its SHA-256 is not that of the manifest');
    files.push({ path: file.path, sha256: file.sha256, size: file.size, source });
  }
  return files;
}
