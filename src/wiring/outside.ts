import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Clock, Logger } from '../ports.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export const systemClock: Clock = { now: () => performance.now(), date: () => new Date() };

/** The user's cache folder of AYCI: environments of the runtimes, the demo's models. */
export function cacheFolder(env: Environment): string {
  const base = env.XDG_CACHE_HOME ? env.XDG_CACHE_HOME : join(env.HOME ?? homedir(), '.cache');
  return join(base, 'ayci');
}

/** What an entry hands in beside the inputs. */
export interface Outside {
  /** The entry's `import.meta.url`. */
  readonly entry: string;
  /** Whether the entry is the action, whose defaults differ. */
  readonly inAction: boolean;
  readonly env: Environment;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** The pull request that a run on another ref measures. */
  readonly pull?: { readonly number: number; readonly commit: string } | null;
  /** GitHub's, for git and the comment: a secret. Absent: none. */
  readonly token?: string | null;
  /** `--name` on the command line, `with: name` in a workflow. */
  readonly placeOf: (input: string) => string;
}
