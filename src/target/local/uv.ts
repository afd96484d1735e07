import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AyciError } from '../../errors.ts';
import type { Logger } from '../../ports.ts';
import { runCommand, tellingLine } from './command.ts';
import { findExecutable } from './process.ts';

export interface UvPlace {
  readonly cacheDir: string;
  /** Hash-pinned requirement of uv itself. */
  readonly requirements: string;
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * uv, from PATH, else installed once into the cache by whatever pip there is; it brings a Python where none fits.
 * @throws AyciError `environment`
 */
export async function findUv(place: UvPlace, why: string, logger: Logger, signal: AbortSignal): Promise<string> {
  const there = findExecutable('uv', place.path) ?? findExecutable('uv', join(place.cacheDir, 'uv', 'bin'));
  if (there !== null) return there;
  const target = join(place.cacheDir, 'uv');
  logger.progress('Installing uv, since no Python here fits');
  await mkdir(target, { recursive: true });
  const python = findExecutable('python3', place.path);
  const args = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--target',
    target,
    '--upgrade',
    '--require-hashes',
    '--no-deps',
    '-r',
    place.requirements,
  ];
  const ran = python === null ? { ok: false, said: 'no python3' } : await runCommand(python, args, place.env, signal);
  const made = findExecutable('uv', join(target, 'bin'));
  if (ran.ok && made !== null) return made;
  throw new AyciError(
    'environment',
    `python: none fits (${why}), and uv could not be installed: ${tellingLine(ran.said)}`,
    {
      hint: 'Install Python 3.11 to 3.14 with its venv module (Debian: python3-venv), or uv.',
    },
  );
}
