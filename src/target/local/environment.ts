import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AyciError } from '../../errors.ts';
import type { Logger } from '../../ports.ts';
import { pipInstall, type Ran, runCommand, tellingLine } from './command.ts';
import { requirementsDigest } from './digest.ts';
import { furtherIndexes } from './indexes.ts';
import { whileLocked } from './lock.ts';
import { mergedRequirements } from './merged-requirements.ts';
import { appliesTo, type OwnRequirements } from './own-requirements.ts';
import { findPython, fittingText, type Python, type PythonSearch, tagOf, UV_PYTHON } from './python.ts';
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
  /** The user's own versions of frameworks, beside which the runtimes' own count no more; null: none. */
  readonly own: OwnRequirements | null;
}

const CONVERTER = '-convert';

/** The environment in which a runtime converts: one of its own, where it has further requirements for that. */
export function converterEnvironment(runtimesDir: string, runtime: string): string {
  const own = `${runtime}${CONVERTER}`;
  return existsSync(requirementsOf(runtimesDir, own)) ? own : runtime;
}

/** The locked requirements of an environment, by its name. */
export function requirementsOf(runtimesDir: string, name: string): string {
  return name.endsWith(CONVERTER)
    ? join(runtimesDir, name.slice(0, -CONVERTER.length), 'convert-requirements.txt')
    : join(runtimesDir, name, 'requirements.txt');
}

export interface Environment {
  readonly python: string;
  /** `cp311`. */
  readonly tag: string;
}

/** The texts of all requirements that an environment is made from: of a package that both have, the later counts. */
export function requirementTexts(place: EnvironmentPlace, name: string): readonly (Buffer | string)[] {
  const own = place.own !== null && appliesTo(place.own, name) ? [place.own.text] : [];
  return [readFileSync(requirementsOf(place.runtimesDir, name)), ...own];
}

function digestOf(place: EnvironmentPlace, name: string): string {
  return requirementsDigest(requirementTexts(place, name), place.python);
}

/** A finished environment of this runtime's locked requirements, found without starting a process. */
export function madeEnvironment(place: EnvironmentPlace, runtime: string): Environment | null {
  const digest = digestOf(place, runtime);
  const all = join(place.cacheDir, 'envs');
  if (!existsSync(all)) return null;
  for (const name of readdirSync(all).sort()) {
    const tag = /^(.+)-(cp3\d+)-([0-9a-f]{12})$/.exec(name);
    if (tag?.[1] !== runtime || tag[2] === undefined || tag[3] !== digest) continue;
    const python = join(all, name, 'bin', 'python');
    if (!existsSync(join(all, name, MARKER)) || !existsSync(python)) continue;
    return { python, tag: tag[2] };
  }
  return null;
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
  const search = await findPython(place.python, place.path, runtime);
  const { found, passedOver } = search;
  if (found === null && place.python !== null) {
    throw new AyciError(
      'environment',
      `AYCI_PYTHON: ${passedOver.join(', ')}; expected ${fittingText(runtime)} with its venv module`,
    );
  }
  const tag = tagOf(search);
  const folder = join(place.cacheDir, 'envs', `${runtime}-${tag}-${digestOf(place, runtime)}`);
  try {
    await mkdir(join(place.cacheDir, 'envs'), { recursive: true });
    const waiting = (): void => logger.progress(`Waiting for another AYCI that makes the ${runtime} environment`);
    return await whileLocked(folder, signal, waiting, async () => {
      const meanwhile = madeEnvironment(place, runtime);
      if (meanwhile !== null) return meanwhile;
      await rm(folder, { recursive: true, force: true });
      logger.progress(`Making the ${runtime} environment (once)`);
      if (found?.whole) await byPip(place, runtime, folder, found, signal);
      else await byUv(place, runtime, folder, search, logger, signal);
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

/** The file to install into a virtual environment that is made. */
async function toInstall(place: EnvironmentPlace, name: string, folder: string, signal: AbortSignal): Promise<string> {
  const [, own] = requirementTexts(place, name);
  const { runtimesDir } = place;
  const lock = requirementsOf(runtimesDir, name);
  if (own === undefined) return lock;
  const runtime = name.endsWith(CONVERTER) ? name.slice(0, -CONVERTER.length) : name;
  const python = join(folder, 'bin', 'python');
  return mergedRequirements({ runtimesDir, runtime, lock, own: own.toString(), python, folder }, signal);
}

async function byPip(
  place: EnvironmentPlace,
  runtime: string,
  folder: string,
  python: Python,
  signal: AbortSignal,
): Promise<void> {
  const env = cleaned(place.env);
  must(
    await runCommand(python.program, ['-I', '-m', 'venv', folder], env, signal),
    `python -m venv with ${python.program} failed`,
  );
  const own = join(folder, 'bin', 'python');
  const indexes = await furtherIndexes(requirementTexts(place, runtime), own, env, signal);
  const requirements = await toInstall(place, runtime, folder, signal);
  must(await runCommand(own, pipInstall(requirements, indexes), env, signal), `pip install for ${runtime} failed`);
}

async function byUv(
  place: EnvironmentPlace,
  runtime: string,
  folder: string,
  search: PythonSearch,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const env = cleaned(place.env);
  const uvPlace = { ...place, env, requirements: join(place.runtimesDir, 'uv-requirements.txt') };
  const uv = await findUv(uvPlace, search, runtime, logger, signal);
  const wanted = search.found?.program ?? UV_PYTHON;
  must(await runCommand(uv, ['venv', '--quiet', '--python', wanted, folder], env, signal), 'uv venv failed');
  const indexes = await furtherIndexes(requirementTexts(place, runtime), null, env, signal);
  const exact = ['--require-hashes', '--no-deps', '--only-binary', ':all:', ...indexes];
  const install = ['pip', 'install', '--quiet', '--python', join(folder, 'bin', 'python'), ...exact, '-r'];
  const requirements = await toInstall(place, runtime, folder, signal);
  must(await runCommand(uv, [...install, requirements], env, signal), `uv pip install for ${runtime} failed`);
}

/** Settings of the user that would put packages elsewhere than into the environment. */
const MISLEADING = ['PIP_USER', 'PIP_TARGET', 'PIP_PREFIX', 'PIP_ROOT', 'PYTHONHOME', 'PYTHONPATH', 'VIRTUAL_ENV'];

function cleaned(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !MISLEADING.includes(name)));
}

function must(ran: Ran, what: string): void {
  if (!ran.ok) throw failure(what, ran.said);
}
