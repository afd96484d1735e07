import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { access, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, isAbsolute, join, relative, sep } from 'node:path';
import { AyciError } from '../errors.ts';
import type { Model, ModelFile, ModelKey } from '../types/model.ts';
import { requireModel } from './exists.ts';
import { type OnnxFacts, readOnnx } from './onnx.ts';
import { refuseByContent } from './refusals.ts';

/** Protobuf's own limit of one message. */
const LARGEST_FILE = 2 ** 31 - 1;

/**
 * Reads and identifies a model.
 * @param place how messages name where the path came from: `--model`
 * @throws AyciError `bad-input` where there is no such file, `model-invalid` where it is no model
 */
export async function loadModel(path: string, place: string): Promise<Model> {
  const bytes = await readModelFile(path, place);
  refuseByContent(place, path, bytes, bytes.length);
  if (extname(path).toLowerCase() !== '.onnx') {
    throw new AyciError('bad-input', `${place}: ${JSON.stringify(path)} has an unknown file type; expected .onnx`, {
      hint: 'Export the model to ONNX.',
    });
  }
  const facts = parse(bytes, path, place);
  const entry: ModelFile = {
    path: 'model.onnx',
    sha256: sha256(bytes),
    size: bytes.length,
    source: await realpath(path),
  };
  const external = await Promise.all(facts.externalData.map((name) => externalFile(path, name, place)));
  const files = [entry, ...external];
  return {
    path,
    framework: 'onnx',
    key: keyOf(files),
    entry: entry.path,
    files,
    signature: facts.signature,
    operators: facts.operators,
    parameters: facts.parameters,
    opsets: facts.opsets,
  };
}

async function readModelFile(path: string, place: string): Promise<Uint8Array> {
  await requireModel(path, place);
  const shown = JSON.stringify(path);
  const found = await stat(path);
  if (found.size > LARGEST_FILE) {
    throw new AyciError('model-invalid', `${place}: ${shown} has ${found.size} bytes; a protobuf file ends at 2 GiB`, {
      hint: 'Save the weights as external data beside it.',
    });
  }
  return readFile(path).catch((cause: unknown) => {
    throw new AyciError('bad-input', `${place}: ${shown} cannot be read`, { hint: 'Check its permissions.', cause });
  });
}

function parse(bytes: Uint8Array, path: string, place: string): OnnxFacts {
  try {
    return readOnnx(bytes);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AyciError(
      'model-invalid',
      `${place}: ${JSON.stringify(path)} is not an ONNX model that can be read: ${why}`,
      {
        hint: 'Is the file whole? onnx.checker.check_model says more.',
      },
    );
  }
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
  const bytes = first === undefined ? new Uint8Array() : await readModelFile(first.source, place);
  if (first === undefined || sha256(bytes) !== first.sha256 || keyOf(files) !== key) {
    throw new AyciError('model-invalid', `${place}: the archive's copy of model ${key} is damaged`, {
      hint: 'Name the baseline by its path.',
    });
  }
  const { signature, operators, parameters, opsets } = parse(bytes, key, place);
  const path = `key:${key.slice(0, 12)}`;
  return { path, framework: 'onnx', key, entry, files, signature, operators, parameters, opsets };
}

/** External data has to lie in the model's own folder, links followed: a model must not read the rest of the machine. */
async function externalFile(model: string, name: string, place: string): Promise<ModelFile> {
  const refuse = (what: string, hint: string): AyciError =>
    new AyciError(
      'model-invalid',
      `${place}: external data ${JSON.stringify(name)} of ${JSON.stringify(model)} ${what}`,
      { hint },
    );
  const outside = refuse("lies outside the model's folder", 'Save it beside the model.');
  if (name === '' || isAbsolute(name) || name.split(/[\\/]/).includes('..')) throw outside;
  const folder = await realpath(dirname(model));
  const missing = refuse('is missing', 'Commit it beside the model.');
  const source = await realpath(join(folder, name)).catch(() => {
    throw missing;
  });
  const inside = relative(folder, source);
  if (inside === '' || inside.startsWith(`..${sep}`) || inside === '..' || isAbsolute(inside)) throw outside;
  await access(source, constants.R_OK).catch(() => {
    throw refuse('cannot be read', 'Check its permissions.');
  });
  const hash = createHash('sha256');
  let size = 0;
  let head: Uint8Array | null = null;
  for await (const chunk of createReadStream(source) as AsyncIterable<Uint8Array>) {
    head ??= chunk;
    hash.update(chunk);
    size += chunk.length;
  }
  const lfs =
    head !== null && Buffer.from(head.subarray(0, 40)).toString('latin1').startsWith('version https://git-lfs');
  if (lfs) throw refuse('is a Git LFS pointer', 'Run git lfs pull (in a workflow: actions/checkout with lfs: true).');
  return { path: name.split('\\').join('/'), sha256: hash.digest('hex'), size, source };
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** One file: its SHA-256 and size. Several: the SHA-256 of their sorted paths, hashes and sizes, and the sum of sizes. */
export function keyOf(files: readonly ModelFile[]): ModelKey {
  const [only, ...others] = files;
  if (only !== undefined && others.length === 0) return `${only.sha256}-${only.size}`;
  const lines = files.map((file) => `${file.path}\0${file.sha256}\0${file.size}\n`).sort();
  const size = files.reduce((sum, file) => sum + file.size, 0);
  return `${sha256(lines.join(''))}-${size}`;
}

/** The last part of a model's path: what tables show. */
export function nameOf(model: Model): string {
  return basename(model.path);
}
