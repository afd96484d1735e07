import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import metadata from '../package.json' with { type: 'json' };
import { folderArchive } from './archive/folder.ts';
import { githubContext } from './github/context.ts';
import { modelSource } from './model/source.ts';
import type { Clock, Logger, Target } from './ports.ts';
import type { RunPorts } from './stages/ports.ts';
import type { Inputs } from './types/inputs.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export const VERSION = metadata.version;

export const systemClock: Clock = { now: () => performance.now(), date: () => new Date() };

/** The user's cache folder of AYCI: environments of the runtimes, the demo's models. */
export function cacheFolder(env: Environment): string {
  const base = env.XDG_CACHE_HOME ? env.XDG_CACHE_HOME : join(env.HOME ?? homedir(), '.cache');
  return join(base, 'ayci');
}

/** Folder of the runtimes, seen from an entry: the same in `src` and in `dist`. */
export function runtimesFolder(entry: string): string {
  return fileURLToPath(new URL('../runtimes/', entry));
}

/** What an entry hands in beside the inputs. */
export interface Outside {
  /** The entry's `import.meta.url`. */
  readonly entry: string;
  readonly env: Environment;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** `--name` on the command line, `with: name` in a workflow. */
  readonly placeOf: (input: string) => string;
}

/** The embedded Lambda with AWS's own client in front; neither is loaded before it is needed. */
export async function localTarget(outside: Outside): Promise<Target> {
  const { env, logger } = outside;
  const { createLocalTarget } = await import('./target/local/index.ts');
  const image = env.ImageOS === undefined ? null : `${env.ImageOS} ${env.ImageVersion ?? ''}`.trim();
  return createLocalTarget({
    runtimesDir: runtimesFolder(outside.entry),
    cacheDir: cacheFolder(env),
    python: env.AYCI_PYTHON ?? null,
    path: env.PATH ?? '',
    env: Object.fromEntries(
      Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
    region: 'us-east-1',
    image,
    logger,
    invokerFactory: async (options) => (await import('./target/lambda/invoke.ts')).createInvoker(options),
  });
}

/** Builds everything outside that a run touches, and takes it down again. */
export async function withPorts<T>(
  inputs: Inputs,
  outside: Outside,
  work: (ports: RunPorts) => Promise<T>,
): Promise<T> {
  const context = githubContext(outside.env);
  const models = modelSource(outside.placeOf);
  const target = await localTarget(outside);
  const scratch = await mkdtemp(join(tmpdir(), 'ayci-'));
  try {
    return await work({
      target,
      store: folderArchive(inputs.archive),
      scope: context.scope,
      models,
      clock: systemClock,
      logger: outside.logger,
      signal: outside.signal,
      version: VERSION,
      commit: context.commit,
      baseCommit: context.baseCommit,
      runId: `${context.runId ?? systemClock.date().toISOString().replace(/\W/g, '')}-${randomUUID().slice(0, 8)}`,
      scratch,
      placeOf: outside.placeOf,
    });
  } finally {
    await target.close();
    await models.close();
    await rm(scratch, { recursive: true, force: true });
  }
}
