import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AyciError } from '../../errors.ts';
import type { Logger } from '../../ports.ts';
import { type Ran, runCommand, tellingLine } from './command.ts';
import { requirementsDigest } from './digest.ts';
import { whileLocked } from './lock.ts';
import { findPython, type Python } from './python.ts';
import { findUv } from './uv.ts';

/** Written last: an environment without it was never finished. */
const MARKER = 'ayci-environment.json';

export interface EnvironmentPlace {
  readonly cacheDir: string;
  /** `runtimes/`. */
  readonly runtimesDir: string;
  /** Python to use whatever else there is, or null. */
  readonly python: string | null;
  readonly path: string;
  /** What pip and uv need of the user's environment (indexes, proxies, certificates). */
  readonly env: Readonly<Record<string, string>>;
}

export interface Environment {
  readonly python: string;
  /** `cp311`. */
  readonly tag: string;
}

function folderOf(place: EnvironmentPlace, runtime: string, tag: string): string {
  const digest = requirementsDigest(join(place.runtimesDir, runtime, 'requirements.txt'));
  return join(place.cacheDir, 'envs', `${runtime}-${tag}-${digest}`);
}

/** A finished environment of this runtime's locked requirements, found without starting a process. */
export function madeEnvironment(place: EnvironmentPlace, runtime: string): Environment | null {
  const digest = requirementsDigest(join(place.runtimesDir, runtime, 'requirements.txt'));
  const all = join(place.cacheDir, 'envs');
  if (!existsSync(all)) return null;
  for (const name of readdirSync(all).sort()) {
    const tag = /^(.+)-(cp3\d+)-([0-9a-f]{12})$/.exec(name);
    if (tag?.[1] !== runtime || tag[2] === undefined || tag[3] !== digest) continue;
    const python = join(all, name, 'bin', 'python');
    if (!existsSync(join(all, name, MARKER)) || !existsSync(python)) continue;
    if (place.python !== null && readMarker(join(all, name)) !== place.python) continue;
    return { python, tag: tag[2] };
  }
  return null;
}

function readMarker(folder: string): string | null {
  try {
    const marker = JSON.parse(readFileSync(join(folder, MARKER), 'utf8')) as { given?: unknown };
    return typeof marker.given === 'string' ? marker.given : null;
  } catch {
    return null;
  }
}

function failure(what: string, said: string, cause?: unknown): AyciError {
  const hint = /No space left/i.test(said)
    ? 'The disk is full: free some space.'
    : /ensurepip|No module named '?venv/.test(said)
      ? 'Install the venv module (Debian: python3-venv).'
      : 'Check the network and the package index; pip is used as it is set up here.';
  return new AyciError(
    'environment',
    `environment: ${what}: ${tellingLine(said)}`,
    cause === undefined ? { hint } : { hint, cause },
  );
}

/**
 * Makes a runtime's virtual environment from its hash-pinned requirements, once: whoever comes at the same time waits.
 * @throws AyciError `environment` or `interrupted`
 */
export async function makeEnvironment(
  place: EnvironmentPlace,
  runtime: string,
  logger: Logger,
  signal: AbortSignal,
): Promise<Environment> {
  const made = madeEnvironment(place, runtime);
  if (made !== null) return made;
  const { found, passedOver } = await findPython(place.python, place.path);
  if (found === null && place.python !== null) {
    throw new AyciError(
      'environment',
      `AYCI_PYTHON: ${passedOver.join(', ')}; expected Python 3.11 to 3.14 with its venv module`,
    );
  }
  // Without a Python that fits uv brings this one.
  const tag = found?.tag ?? 'cp312';
  const folder = folderOf(place, runtime, tag);
  try {
    await mkdir(join(place.cacheDir, 'envs'), { recursive: true });
    const waiting = (): void => logger.progress(`Waiting for another AYCI that makes the ${runtime} environment`);
    return await whileLocked(`${folder}.lock`, signal, waiting, async () => {
      const meanwhile = madeEnvironment(place, runtime);
      if (meanwhile !== null) return meanwhile;
      await rm(folder, { recursive: true, force: true });
      logger.progress(`Making the ${runtime} environment (once; about 20 seconds)`);
      if (found !== null) await byPip(place, runtime, folder, found, signal);
      else await byUv(place, runtime, folder, passedOver.join(', ') || 'there is none', logger, signal);
      const marker = join(folder, MARKER);
      await writeFile(`${marker}.tmp`, JSON.stringify({ tag, given: place.python }));
      await rename(`${marker}.tmp`, marker);
      return { python: join(folder, 'bin', 'python'), tag };
    });
  } catch (thrown) {
    if (thrown instanceof AyciError) throw thrown;
    if (signal.aborted) throw new AyciError('interrupted', 'interrupted');
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    throw new AyciError('environment', `environment: cache folder ${JSON.stringify(place.cacheDir)} cannot be used`, {
      hint: /ENOSPC/.test(message)
        ? 'The disk is full: free some space.'
        : 'Set XDG_CACHE_HOME to a folder that can be written.',
      cause: thrown,
    });
  }
}

async function byPip(
  place: EnvironmentPlace,
  runtime: string,
  folder: string,
  python: Python,
  signal: AbortSignal,
): Promise<void> {
  must(
    await runCommand(python.program, ['-m', 'venv', folder], place.env, signal),
    `python -m venv with ${python.program} failed`,
  );
  const requirements = join(place.runtimesDir, runtime, 'requirements.txt');
  const args = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--require-hashes',
    '--no-deps',
    '--only-binary',
    ':all:',
    '--no-input',
    '--disable-pip-version-check',
    '-r',
    requirements,
  ];
  must(await runCommand(join(folder, 'bin', 'python'), args, place.env, signal), `pip install for ${runtime} failed`);
}

async function byUv(
  place: EnvironmentPlace,
  runtime: string,
  folder: string,
  why: string,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const uvPlace = { ...place, requirements: join(place.runtimesDir, 'uv-requirements.txt') };
  const uv = await findUv(uvPlace, why, logger, signal);
  must(await runCommand(uv, ['venv', '--quiet', '--python', '3.12', folder], place.env, signal), 'uv venv failed');
  const requirements = join(place.runtimesDir, runtime, 'requirements.txt');
  const python = join(folder, 'bin', 'python');
  const args = [
    'pip',
    'install',
    '--quiet',
    '--python',
    python,
    '--require-hashes',
    '--no-deps',
    '--only-binary',
    ':all:',
    '-r',
    requirements,
  ];
  must(await runCommand(uv, args, place.env, signal), `uv pip install for ${runtime} failed`);
}

function must(ran: Ran, what: string): void {
  if (!ran.ok) throw failure(what, ran.said);
}
