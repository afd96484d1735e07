// A small Debian with Python: what the Dockerfiles are built on in tests, in the place of AWS's base image.
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { cacheFolder } from './cache.mjs';
import { mustRun } from './run.mjs';

/** A tar of the root file system. It may not be there yet. */
export function baseImagePath() {
  return cacheFolder('base-image-bookworm-1.tar');
}

/** @throws Error where it cannot be made; takes minutes once. */
export function ensureBaseImage() {
  const path = baseImagePath();
  if (existsSync(path)) return;
  mkdirSync(cacheFolder(), { recursive: true });
  const fresh = `${path}.${process.pid}`;
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const make = ['mmdebstrap', '--quiet', '--variant=minbase', '--include=python3,python3-pip,ca-certificates'];
  try {
    const [program, ...args] = [...asRoot, ...make, 'bookworm', fresh];
    mustRun(program, args);
    renameSync(fresh, path);
  } finally {
    rmSync(fresh, { force: true });
  }
}
