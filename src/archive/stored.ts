import type { ArchiveStore, StoredObject } from '../ports.ts';
import type { Artifact } from '../types/protocol.ts';
import { archiveUrl, MANIFEST } from './keys.ts';
import { TooLargeError } from './limits.ts';
import { decodeManifest, encodeManifest, type Manifest, objectOf } from './manifest.ts';

/** A stored model: its files and the key of each one's object, in the same order. */
export interface KeptModel {
  readonly manifest: Manifest;
  readonly objects: readonly string[];
}

/** From the last segment of a key to the key. */
export type KeyOf = (object: string) => string;

interface Seen {
  readonly stored: StoredObject;
  /** Null where it is damaged or newer. */
  readonly kept: KeptModel | null;
  /** Whether every file is there: a lifecycle rule may have removed one. */
  readonly whole: boolean;
}

async function look(store: ArchiveStore, keyOf: KeyOf): Promise<Seen | null> {
  const stored = await store.read(keyOf(MANIFEST));
  if (stored === null) return null;
  const manifest = decodeManifest(stored.bytes);
  if (manifest === null) return { stored, kept: null, whole: false };
  const kept = { manifest, objects: manifest.files.map((file) => keyOf(objectOf(file))) };
  const there = await Promise.all(kept.objects.map((object) => store.has(object)));
  return { stored, kept, whole: there.every(Boolean) };
}

/** A stored model that can be used: a readable manifest, and every file there. */
export async function findStored(store: ArchiveStore, keyOf: KeyOf): Promise<KeptModel | null> {
  try {
    const seen = await look(store, keyOf);
    return seen?.whole ? seen.kept : null;
  } catch (thrown) {
    if (thrown instanceof TooLargeError) return null;
    throw thrown;
  }
}

/**
 * Puts a model's files and then its manifest, so that a manifest speaks of files that are there. A manifest that is
 * there stays, unless it is readable and a file of it is gone.
 */
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
  await putManifest(store, keyOf, manifest);
  return { manifest, objects: manifest.files.map((file) => keyOf(objectOf(file))) };
}

async function putManifest(store: ArchiveStore, keyOf: KeyOf, manifest: Manifest): Promise<void> {
  try {
    const seen = await look(store, keyOf);
    if (seen !== null && (seen.kept === null || seen.whole)) return;
    await store.write(keyOf(MANIFEST), encodeManifest(manifest), seen?.stored.etag ?? null);
  } catch (thrown) {
    if (!(thrown instanceof TooLargeError)) throw thrown;
  }
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
