import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { AyciError } from '../errors.ts';
import type { Model, ModelFile, ModelKey } from '../types/model.ts';
import { externalFiles } from './external-data.ts';
import { RefusedModel, type Sources } from './facts.ts';
import { externalDataOf, FORMATS, type Format, formatOf } from './formats.ts';
import { hashed, keyOf } from './hash.ts';
import { hintFor, MODEL_KINDS } from './kinds.ts';
import { type Located, locate } from './locate.ts';
import { isLfsPointer, refuseByContent } from './refusals.ts';

export { keyOf, sha256 } from './hash.ts';

/** What a user says of a model beside its path. */
export interface LoadOptions {
  /** The signature of a SavedModel that is served; null: its default. */
  readonly signature: string | null;
  /** Makes an empty folder, which whoever gave this removes: the choice of a signature becomes a file of the model. */
  folder(): Promise<string>;
}

const NO_OPTIONS: LoadOptions = { signature: null, folder: () => mkdtemp(join(tmpdir(), 'ayci-model-')) };

/**
 * Reads and identifies a model; nothing of it is run.
 * @param path a file, the folder of a SavedModel, or what the names of MXNet's two files begin with
 * @param place how messages name where the path came from: `--model`
 * @throws AyciError `bad-input` where there is no such file, `model-invalid` where it is no model
 */
export async function loadModel(path: string, place: string, options: LoadOptions = NO_OPTIONS): Promise<Model> {
  const located = await locate(path, place);
  const files = await Promise.all(located.files.map((file) => hashedFile(file, path, place, located)));
  const { format } = located;
  if (format === undefined) {
    throw new AyciError(
      'bad-input',
      `${place}: ${JSON.stringify(path)} has an unknown file type; expected ${MODEL_KINDS}`,
      {
        hint: hintFor(path),
      },
    );
  }
  if (format === FORMATS.onnx) {
    const names = await said(format, path, place, () => externalDataOf(sourceOfEntry(located)));
    files.push(...(await externalFiles(path, names, format.entry, place)));
  }
  if (options.signature !== null) files.push(...(await signatureFile(format, located, path, place, options)));
  const facts = await said(format, path, place, async () => format.read(sourcesOf(files)));
  return { path, framework: format.framework, key: keyOf(files), entry: format.entry, files, ...facts };
}

/**
 * A model that an archive kept, from its list of files.
 * @throws AyciError `model-invalid` where its first file is no longer what the list says
 */
export async function loadKept(
  files: readonly ModelFile[],
  entry: string,
  key: ModelKey,
  place: string,
): Promise<Model> {
  const first = files.find((file) => file.path === entry);
  const format = formatOf(entry);
  const is = first === undefined ? null : await hashed(first.source).catch(() => null);
  if (first === undefined || format === undefined || is?.sha256 !== first.sha256 || keyOf(files) !== key) {
    throw new AyciError('model-invalid', `${place}: the archive's copy of model ${key} is damaged`, {
      hint: 'Name the baseline by its path.',
    });
  }
  const facts = await said(format, key, place, async () => format.read(sourcesOf(files)));
  return { path: `key:${key.slice(0, 12)}`, framework: format.framework, key, entry, files, ...facts };
}

function sourceOfEntry({ files }: Located): string {
  return files[0]?.source ?? '';
}

/** @throws Error where two files have one path: what is read would not be what is measured */
function sourcesOf(files: readonly ModelFile[]): Sources {
  const sources = new Map(files.map(({ path, source }) => [path, source]));
  if (sources.size !== files.length) throw new Error('two of its files have one path');
  return sources;
}

/** Hashes a file, and looks at how it begins. */
async function hashedFile(
  { path: name, source }: Located['files'][number],
  path: string,
  place: string,
  { format, files }: Located,
): Promise<ModelFile> {
  const shown = files.length === 1 ? path : `${path} (${basename(source)})`;
  const { sha256, size, head } = await hashed(source).catch((cause: unknown) => {
    throw new AyciError('bad-input', `${place}: ${JSON.stringify(shown)} cannot be read`, {
      hint: 'Check its permissions.',
      cause,
    });
  });
  if (name === (format?.entry ?? name))
    refuseByContent(place, shown, head, size, format ?? { what: MODEL_KINDS, begins: 'protobuf', hint: hintFor(path) });
  else if (isLfsPointer(head)) refuseByContent(place, shown, head, size, FORMATS.savedModel);
  return { path: name, sha256, size, source };
}

/** The choice of a signature, as a file of the model: so that its key covers it. */
async function signatureFile(
  format: Format,
  located: Located,
  path: string,
  place: string,
  { signature, folder }: LoadOptions,
): Promise<readonly ModelFile[]> {
  if (format !== FORMATS.savedModel) {
    throw new AyciError(
      'bad-input',
      `${place}: ${JSON.stringify(path)} is ${format.what}, which has no signatures to choose from`,
      {
        hint: 'Leave the input signature out.',
      },
    );
  }
  const { signatureNames, SIGNATURE_FILE } = await import('./tensorflow/saved-model.ts');
  const { chosenSignature, defaultSignature } = await import('./tensorflow/choice.ts');
  const names = await said(format, path, place, () => signatureNames(sourceOfEntry(located)));
  const chosen = await said(format, path, place, async () => chosenSignature(names, signature));
  if (chosen === defaultSignature(names)) return [];
  const source = join(await folder(), SIGNATURE_FILE);
  await writeFile(source, chosen);
  const { sha256, size } = await hashed(source);
  return [{ path: SIGNATURE_FILE, sha256, size, source }];
}

/** What a reader finds wrong, in words for a user. */
async function said<T>(format: Format, path: string, place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    const shown = JSON.stringify(path);
    if (thrown instanceof RefusedModel)
      throw new AyciError('model-invalid', `${place}: ${shown} ${why}`, { hint: thrown.hint });
    throw new AyciError('model-invalid', `${place}: ${shown} is not ${format.what} that can be read: ${why}`, {
      hint: format.hint,
    });
  }
}

/** The last part of a model's path: what tables show. */
export function nameOf(model: Model): string {
  return basename(model.path);
}
