import { fileURLToPath, pathToFileURL } from 'node:url';
import { AyciError } from '../errors.ts';
import type { ArchiveStore } from '../ports.ts';
import type { Hardware, Optimizer } from '../types/config.ts';
import type { Model, ModelKey } from '../types/model.ts';
import type { Artifact } from '../types/protocol.ts';
import { decodeManifest, encodeManifest, type Manifest } from './codec.ts';
import { layout, MANIFEST } from './keys.ts';
import type { Scope } from './records.ts';

type KeyOf = (path: string) => string;

async function putFiles(
  store: ArchiveStore,
  keyOf: KeyOf,
  manifest: Manifest,
  sources: ReadonlyMap<string, string>,
): Promise<void> {
  for (const file of manifest.files) {
    const source = sources.get(file.path);
    if (source !== undefined) await store.putFile(keyOf(file.path), source);
  }
  // Last, so that a manifest speaks of files that are there.
  await store.write(keyOf(MANIFEST), encodeManifest(manifest), null);
}

/** Keeps a model as submitted, under its key. */
export async function keepModel(store: ArchiveStore, scope: Scope, model: Model): Promise<void> {
  const keyOf: KeyOf = (path) => layout(scope.write).model(model.key, path);
  if ((await store.urlOf(keyOf(MANIFEST))) !== null) return;
  const files = model.files.map(({ path, sha256, size }) => ({ path, sha256, size }));
  const { framework, path, entry } = model;
  const sources = new Map(model.files.map((file) => [file.path, file.source]));
  await putFiles(
    store,
    keyOf,
    { schema: 1, framework, path, entry, files, optimizeMs: null, compileMs: null },
    sources,
  );
}

export interface KeptModel {
  readonly manifest: Manifest;
  /** Where each file of the manifest is on this machine. */
  readonly sources: ReadonlyMap<string, string>;
}

/** A model that an earlier run kept, or null. */
export async function findModel(store: ArchiveStore, scope: Scope, key: ModelKey): Promise<KeptModel | null> {
  for (const prefix of scope.read) {
    const keyOf: KeyOf = (path) => layout(prefix).model(key, path);
    const stored = await store.read(keyOf(MANIFEST));
    const manifest = stored === null ? null : decodeManifest(stored.bytes);
    if (manifest === null) continue;
    const sources = new Map<string, string>();
    for (const file of manifest.files) {
      const url = await store.urlOf(keyOf(file.path));
      if (url?.startsWith('file:')) sources.set(file.path, fileURLToPath(url));
    }
    if (sources.size === manifest.files.length) return { manifest, sources };
  }
  return null;
}

export interface Converted {
  readonly artifact: Artifact;
  readonly optimizeMs: number | null;
  readonly compileMs: number | null;
}

export interface ConvertedId {
  readonly key: ModelKey;
  readonly optimizer: Optimizer;
  readonly hardware: Hardware;
  readonly converterDigest: string;
}

/** A converted model that was made before, or null. Files that are no longer whole are found by the runtime's hash check. */
export async function findConverted(store: ArchiveStore, scope: Scope, id: ConvertedId): Promise<Converted | null> {
  for (const prefix of scope.read) {
    const keyOf: KeyOf = (path) =>
      layout(prefix).converted(id.key, id.optimizer, id.hardware, id.converterDigest, path);
    const stored = await store.read(keyOf(MANIFEST));
    const manifest = stored === null ? null : decodeManifest(stored.bytes);
    if (manifest === null) continue;
    const urls = await Promise.all(manifest.files.map((file) => store.urlOf(keyOf(file.path))));
    const files = manifest.files.flatMap((file, index) => {
      const url = urls[index];
      return url === null || url === undefined ? [] : [{ ...file, url }];
    });
    if (files.length !== manifest.files.length) continue;
    const { entry, optimizeMs, compileMs } = manifest;
    return { artifact: { entry, files }, optimizeMs, compileMs };
  }
  return null;
}

/** Keeps a converted model that lies in a folder of this machine. */
export async function keepConverted(
  store: ArchiveStore,
  scope: Scope,
  id: ConvertedId,
  manifest: Manifest,
  sources: ReadonlyMap<string, string>,
): Promise<Converted> {
  const keyOf: KeyOf = (path) =>
    layout(scope.write).converted(id.key, id.optimizer, id.hardware, id.converterDigest, path);
  await putFiles(store, keyOf, manifest, sources);
  const found = await findConverted(store, scope, id);
  if (found === null) throw new AyciError('archive', `archive ${store.name}: a converted model just kept is not there`);
  return found;
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
