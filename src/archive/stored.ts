import type { ArchiveStore } from '../ports.ts';
import type { Artifact } from '../types/protocol.ts';
import { archiveUrl, MANIFEST } from './keys.ts';
import { decodeManifest, encodeManifest, type Manifest, objectOf } from './manifest.ts';

/** A stored model: its files and the key of each one's object, in the same order. */
export interface KeptModel {
  readonly manifest: Manifest;
  readonly objects: readonly string[];
}

/** From the last segment of a key to the key. */
export type KeyOf = (object: string) => string;

/** A stored model that is whole: readable manifest, every file there (a lifecycle rule may have removed one). */
export async function findStored(store: ArchiveStore, keyOf: KeyOf): Promise<KeptModel | null> {
  const stored = await store.read(keyOf(MANIFEST));
  const manifest = stored === null ? null : decodeManifest(stored.bytes);
  if (manifest === null) return null;
  const objects = manifest.files.map((file) => keyOf(objectOf(file)));
  const there = await Promise.all(objects.map((object) => store.has(object)));
  return there.every(Boolean) ? { manifest, objects } : null;
}

/** Puts a model's files and then its manifest, so that a manifest speaks of files that are there. */
export async function putStored(
  store: ArchiveStore,
  keyOf: KeyOf,
  manifest: Manifest,
  sources: ReadonlyMap<string, string>,
): Promise<KeptModel> {
  for (const file of manifest.files) {
    const source = sources.get(file.path);
    if (source !== undefined) await store.putFile(keyOf(objectOf(file)), source);
  }
  await store.write(keyOf(MANIFEST), encodeManifest(manifest), null);
  return { manifest, objects: manifest.files.map((file) => keyOf(objectOf(file))) };
}

/** A stored model as runtimes get it: `archive:` URLs, signed when a request is made; `file:` URLs of a folder. */
export async function storedArtifact(store: ArchiveStore, { manifest, objects }: KeptModel): Promise<Artifact> {
  const files = await Promise.all(
    manifest.files.map(async ({ path, sha256, size }, index) => {
      const object = objects[index] ?? '';
      return { path, sha256, size, url: store.remote ? archiveUrl(object) : await store.readUrl(object) };
    }),
  );
  return { entry: manifest.entry, files };
}
