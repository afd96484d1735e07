// Folders of node_modules from the locked package.json files of test/parts/; one per lock, made anew where it changes.
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from './cache.mjs';
import { mustRun } from './run.mjs';

const FILES = ['package.json', 'package-lock.json'];
const parts = fileURLToPath(new URL('../../test/parts/', import.meta.url));

/** Where `test/parts/<name>` is installed: a folder with `node_modules`. It may not be made yet. */
export function npmFolder(name) {
  const digest = createHash('sha256').update(readFileSync(join(parts, name, 'package-lock.json')));
  return cacheFolder(`${name}-${digest.digest('hex').slice(0, 12)}`);
}

/** @throws Error where npm cannot install what is locked. No package's own script runs. */
export function ensureNpm(name) {
  const folder = npmFolder(name);
  if (existsSync(join(folder, 'made'))) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of FILES) copyFileSync(join(parts, name, file), join(folder, file));
  // The packages run under the Node of this repository, whatever node npm itself runs under.
  mustRun('npm', ['ci', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', '--engine-strict=false']);
  writeFileSync(join(folder, 'made'), '');
}
