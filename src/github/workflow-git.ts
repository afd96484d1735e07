import type { GitOptions } from '../model/git-run.ts';
import type { Environment } from './event.ts';

/** Git as a workflow's run may use it: it asks nobody for a password, and reads a checkout that another user made. */
export function workflowGit(env: Environment, token: string | null): Omit<GitOptions, 'cwd'> {
  const { GITHUB_WORKSPACE: safe, GITHUB_SERVER_URL: server = 'https://github.com' } = env;
  return {
    env,
    ...(safe === undefined || safe === '' ? {} : { safe }),
    ...(token === null ? {} : { token: { server, value: token } }),
  };
}
