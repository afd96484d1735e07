// A small Debian with Python: what the Dockerfiles are built on in tests, in the place of AWS's base image.
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { cacheFolder } from './cache.mjs';
import { mustRun } from './run.mjs';

const RELEASE = 'bookworm';

/** A tar of the root file system, of this machine's architecture or another one by Debian's name. It may not be there yet. */
export function baseImagePath(architecture) {
  return cacheFolder(`base-image-${RELEASE}-1${architecture === undefined ? '' : `-${architecture}`}.tar`);
}

/** @throws Error where it cannot be made; takes minutes once. */
export function ensureBaseImage(architecture) {
  const path = baseImagePath(architecture);
  if (existsSync(path)) return;
  mkdirSync(cacheFolder(), { recursive: true });
  const fresh = `${path}.${process.pid}`;
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const make = ['mmdebstrap', '--quiet', '--variant=minbase', '--include=python3,python3-pip,ca-certificates'];
  // Its own check wants a program that tells what ensureEmulation knows.
  if (architecture !== undefined) make.push(`--architectures=${architecture}`, '--skip=check/qemu');
  try {
    const [program, ...args] = [...asRoot, ...make, RELEASE, fresh];
    mustRun(program, args);
    renameSync(fresh, path);
  } finally {
    rmSync(fresh, { force: true });
  }
}
