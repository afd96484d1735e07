import type { ArchiveStore } from '../ports.ts';
import type { Hardware, Optimizer } from '../types/config.ts';
import type { ModelKey } from '../types/model.ts';
import type { Artifact } from '../types/protocol.ts';
import { layout } from './keys.ts';
import type { Manifest } from './manifest.ts';
import type { Scope } from './records.ts';
import { findStored, type KeptModel, type KeyOf, putStored, storedArtifact } from './stored.ts';

export interface Converted {
  readonly artifact: Artifact;
  readonly optimizeMs: number | null;
  readonly compileMs: number | null;
  /** What its converter said of it. */
  readonly notes: readonly string[];
  /** Versions of what made it, by library. */
  readonly converters: Readonly<Record<string, string>>;
}

export interface ConvertedId {
  readonly key: ModelKey;
  readonly optimizer: Optimizer;
  readonly hardware: Hardware;
  readonly converterDigest: string;
}

function keys(prefix: string, id: ConvertedId): KeyOf {
  return (object) => layout(prefix).converted(id.key, id.optimizer, id.hardware, id.converterDigest, object);
}

async function convertedOf(store: ArchiveStore, kept: KeptModel): Promise<Converted> {
  const { optimizeMs, compileMs, notes = [], converters = {} } = kept.manifest;
  return { artifact: await storedArtifact(store, kept), optimizeMs, compileMs, notes, converters };
}

/** A converted model that was made before, or null. Files that are no longer whole are found by the runtime's hash check. */
export async function findConverted(store: ArchiveStore, scope: Scope, id: ConvertedId): Promise<Converted | null> {
  for (const prefix of scope.read) {
    const kept = await findStored(store, keys(prefix, id));
    if (kept !== null) return convertedOf(store, kept);
  }
  return null;
}

/**
 * Keeps a converted model, and says where it is: where another run kept one first, that one.
 * @param sources its files on this machine, by path; a file that a converter uploaded by itself has its `object` in the
 *   manifest and no source
 */
export async function keepConverted(
  store: ArchiveStore,
  scope: Scope,
  id: ConvertedId,
  manifest: Manifest,
  sources: ReadonlyMap<string, string>,
): Promise<Converted> {
  // A converter may write other bytes each time: named by content, a killed run's leftovers are never taken for these.
  const files = manifest.files.map((file) => ({ ...file, object: file.object ?? file.sha256 }));
  const own = await putStored(store, keys(scope.write, id), { ...manifest, files }, sources);
  return (await findConverted(store, scope, id)) ?? convertedOf(store, own);
}
