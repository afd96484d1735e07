// Virtual environments from the hash-pinned files of test/parts/; one per file, made anew where the file changes.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from './cache.mjs';
import { mustRun } from './run.mjs';

const locks = fileURLToPath(new URL('../../test/parts/', import.meta.url));

/** The environment of `test/parts/<name>.txt`; its programs are in `bin/`. It may not be made yet. */
export function pipFolder(name) {
  const digest = createHash('sha256').update(readFileSync(join(locks, `${name}.txt`)));
  return cacheFolder(`${name}-${digest.digest('hex').slice(0, 12)}`);
}

/** @throws Error where pip cannot install what is pinned. */
export function ensurePip(name) {
  const folder = pipFolder(name);
  if (existsSync(join(folder, 'made'))) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  mustRun('python3', ['-m', 'venv', folder]);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--require-hashes', '--no-deps'];
  mustRun(join(folder, 'bin', 'python'), [...pip, '--only-binary', ':all:', '-r', join(locks, `${name}.txt`)]);
  writeFileSync(join(folder, 'made'), '');
}
