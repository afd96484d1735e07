import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BaselineRef } from '../types/inputs.ts';
import type { Model, ModelFile, ModelKey } from '../types/model.ts';
import { loadFromGit } from './git.ts';
import type { GitOptions } from './git-run.ts';
import { type LoadOptions, loadKept, loadModel } from './load.ts';
import { type NpyFile, readNpy } from './npy.ts';

/** Where models of a run come from; what it wrote to temporary folders goes with `close`. */
export interface ModelSource {
  /** @param signature of a SavedModel, as the user chose it; null: its default */
  candidate(path: string, signature: string | null): Promise<Model>;
  /** Null where the commit has no such file: the model is new. */
  baseline(
    ref: Extract<BaselineRef, { kind: 'path' | 'git' }>,
    candidatePath: string,
    signature: string | null,
  ): Promise<Model | null>;
  /** A model whose files an archive kept. */
  kept(files: readonly ModelFile[], entry: string, key: ModelKey): Promise<Model>;
  /** A user's own data for one input. */
  data(input: string, path: string): Promise<NpyFile>;
  close(): Promise<void>;
}

/** @param git how git is run for a baseline at a commit */
export function modelSource(
  placeOf: (input: 'model' | 'baseline') => string,
  git: Omit<GitOptions, 'cwd'> = {},
): ModelSource {
  const folders: string[] = [];
  const folder = async (): Promise<string> => {
    const made = await mkdtemp(join(tmpdir(), 'ayci-model-'));
    folders.push(made);
    return made;
  };
  return {
    candidate: (path, signature) => loadModel(path, placeOf('model'), { signature, folder }),
    async baseline(ref, candidatePath, signature) {
      const options: LoadOptions = { signature, folder };
      if (ref.kind === 'path') return loadModel(ref.path, placeOf('baseline'), options);
      return loadFromGit(ref.ref, candidatePath, await folder(), placeOf('baseline'), git, options);
    },
    kept: (files, entry, key) => loadKept(files, entry, key, placeOf('baseline')),
    data: readNpy,
    async close() {
      await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
    },
  };
}
