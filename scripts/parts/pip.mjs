// Virtual environments from hash-pinned files, those of test/parts/ among them, made anew where a file changes.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from './cache.mjs';
import { mustRun } from './run.mjs';

const locks = fileURLToPath(new URL('../../test/parts/', import.meta.url));

/** pip by hash alone. */
export const PIP = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--require-hashes', '--no-deps'];

const lockOf = (name) => join(locks, `${name}.txt`);

function folderOf(name, files) {
  const digest = createHash('sha256');
  for (const file of files) digest.update(readFileSync(file));
  return cacheFolder(`${name}-${digest.digest('hex').slice(0, 12)}`);
}

/** The environment of `test/parts/<name>.txt`; its programs are in `bin/`. It may not be made yet. */
export function pipFolder(name) {
  return folderOf(name, [lockOf(name)]);
}

/**
 * An environment of what all these files pin, made once.
 * @returns its Python
 * @throws Error where pip cannot install what is pinned.
 */
export function ensurePip(name, files = [lockOf(name)]) {
  const folder = folderOf(name, files);
  const python = join(folder, 'bin', 'python');
  if (existsSync(join(folder, 'made'))) return python;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  mustRun('python3', ['-m', 'venv', folder]);
  mustRun(python, [...PIP, '--only-binary', ':all:', ...files.flatMap((file) => ['-r', file])]);
  writeFileSync(join(folder, 'made'), '');
  return python;
}
