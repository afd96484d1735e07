import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AyciError } from '../../errors.ts';
import type { Logger } from '../../ports.ts';
import { pipInstall, runCommand, tellingLine } from './command.ts';
import { findExecutable } from './process.ts';
import { fittingText, type PythonSearch } from './python.ts';

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
export async function findUv(
  place: UvPlace,
  search: PythonSearch,
  environment: string,
  logger: Logger,
  signal: AbortSignal,
): Promise<string> {
  const there = findExecutable('uv', place.path) ?? findExecutable('uv', join(place.cacheDir, 'uv', 'bin'));
  if (there !== null) return there;
  const target = join(place.cacheDir, 'uv');
  logger.progress('Installing uv, since no Python here fits');
  await mkdir(target, { recursive: true });
  const args = pipInstall(place.requirements, ['--target', target, '--upgrade']);
  const ran =
    search.any === null
      ? { ok: false, said: 'there is no Python with pip' }
      : await runCommand(search.any, args, place.env, signal);
  const made = findExecutable('uv', join(target, 'bin'));
  if (ran.ok && made !== null) return made;
  throw new AyciError(
    'environment',
    `python: none fits (${search.passedOver.join(', ') || 'there is none'}), and uv could not be installed: ${tellingLine(ran.said)}`,
    {
      hint: `Install ${fittingText(environment)} with its venv module (Debian: python3-venv), or uv.`,
    },
  );
}
