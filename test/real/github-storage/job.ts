import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { Scope } from '../../../src/archive/records.ts';
import { type GithubArchive, githubArchive } from '../../../src/github/cache/index.ts';
import type { Logger } from '../../../src/ports.ts';
import type { ActionsResults } from '../../support/actions-results.ts';

export const BASE: Scope = { write: 'o/r/base', read: ['o/r/base'] };
export const PULL: Scope = { write: 'o/r/pr', read: ['o/r/base', 'o/r/pr'] };

export interface JobOptions {
  /** Null: a run on the base branch. */
  readonly pull?: number | null;
  readonly readOnly?: boolean;
  readonly limit?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Job extends GithubArchive {
  readonly env: Readonly<Record<string, string>>;
  readonly scope: Scope;
  readonly warnings: string[];
  /** The process's environment is this job's from now on: the library reads it. */
  enter(): void;
}

/** A job's archive, as an action of that run has it; its folders are where every runner has them. */
export async function startJob(root: string, service: ActionsResults, options: JobOptions = {}): Promise<Job> {
  const { pull = null, readOnly = false, limit } = options;
  const main = 'refs/heads/main';
  const ref = pull === null ? main : `refs/pull/${pull}/merge`;
  const [temporary, workspace] = [join(root, '_temp'), join(root, 'r', 'r')];
  await mkdir(temporary, { recursive: true });
  await mkdir(workspace, { recursive: true });
  const env: Record<string, string> = {
    ...service.env({ scopes: pull === null ? [main] : [ref, main], readOnly }),
    ...{ GITHUB_SERVER_URL: 'https://github.com', GITHUB_REF: ref, GITHUB_RUN_ID: '77', GITHUB_RUN_ATTEMPT: '1' },
    ...{ GITHUB_WORKSPACE: workspace, RUNNER_TEMP: temporary, ImageOS: 'ubuntu26' },
    ...options.env,
  };
  const enter = (): void => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  };
  enter();
  const warnings: string[] = [];
  const nothing = (): void => undefined;
  const logger: Logger = { info: nothing, debug: nothing, progress: nothing, warn: (line) => warnings.push(line) };
  const scope = pull === null ? BASE : PULL;
  const archive = await githubArchive({
    ...{ env, scope, logger, cacheDir: join(root, '.cache', 'ayci'), runtimesDir: join(root, 'runtimes') },
    ...(limit === undefined ? {} : { limit }),
    patienceMs: 500,
  });
  return { ...archive, env, scope, warnings, enter };
}
