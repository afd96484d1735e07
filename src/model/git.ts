import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, posix, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AyciError } from '../errors.ts';
import type { Model } from '../types/model.ts';
import { loadModel } from './load.ts';
import { readOnnx } from './onnx.ts';

/** Standard output of git, or what it said. */
async function git(cwd: string, args: readonly string[], into?: string): Promise<string> {
  const child = spawn('git', ['-C', cwd, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
  let out = '';
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  if (into === undefined) child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  else await pipeline(child.stdout, createWriteStream(into));
  if ((await ended) !== 0) throw new Error(said.trim().split('\n')[0] ?? 'git failed');
  return out.trim();
}

/**
 * The model at the same path at another commit, written into `folder`, external data included; null where that commit
 * has no such file, as when the model is new.
 * @throws AyciError `bad-input` where git does not know the commit
 */
export async function loadFromGit(ref: string, path: string, folder: string, place: string): Promise<Model | null> {
  const refuse = (what: string, hint: string, cause: unknown): AyciError =>
    new AyciError('bad-input', `${place}: ${what}`, { hint, cause });
  const cwd = dirname(path);
  const top = await git(cwd, ['rev-parse', '--show-toplevel']).catch((cause: unknown) => {
    throw refuse(`${JSON.stringify(path)} is not in a git repository`, 'Name the baseline by its path.', cause);
  });
  const commit = await git(cwd, ['rev-parse', '--verify', '--end-of-options', `${ref}^{commit}`]).catch(
    (cause: unknown) => {
      throw refuse(
        `git does not know ${JSON.stringify(ref)}`,
        'Fetch it first (actions/checkout with fetch-depth: 0).',
        cause,
      );
    },
  );
  const prefix = await git(cwd, ['rev-parse', '--show-prefix']);
  const target = join(folder, basename(path));
  const copy = async (name: string, into: string): Promise<void> => {
    await mkdir(dirname(into), { recursive: true });
    await git(top, ['cat-file', 'blob', `${commit}:${posix.join(prefix, name)}`], into).catch((cause: unknown) => {
      throw refuse(
        `${JSON.stringify(posix.join(prefix, name))} is not in ${ref}`,
        'Was the model added or renamed since?',
        cause,
      );
    });
  };
  const there = await git(top, ['cat-file', '-e', `${commit}:${posix.join(prefix, basename(path))}`]).then(
    () => true,
    () => false,
  );
  if (!there) return null;
  await copy(basename(path), target);
  for (const name of await externalNames(target)) {
    const into = join(folder, name);
    if (!relative(folder, into).startsWith(`..${sep}`)) await copy(name.split('\\').join('/'), into);
  }
  return { ...(await loadModel(target, place)), path: `${ref}:${posix.join(prefix, basename(path))}` };
}

/** External data that the copied model names; what is wrong with a file is said when it is loaded. */
async function externalNames(model: string): Promise<readonly string[]> {
  try {
    return readOnnx(await readFile(model)).externalData;
  } catch {
    return [];
  }
}
