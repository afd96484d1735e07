import { readHistory } from '../archive/history.ts';
import { findModel } from '../archive/models.ts';
import { type GithubContext, payloadOf } from '../github/context.ts';
import type { ArchiveStore } from '../ports.ts';
import { historyPath } from '../stages/history.ts';
import type { RunPorts } from '../stages/ports.ts';
import type { Outside } from './outside.ts';

/** Finds the baselines that a workflow's run gets by itself, from its event, its checkout and the archive; null outside. */
export async function ownBaselines(
  { env, token }: Outside,
  github: GithubContext,
  store: ArchiveStore,
): Promise<RunPorts['ownBaseline']> {
  if (github.origin === 'outside') return null;
  const { alreadyOnBase, githubBaseline } = await import('../github/baseline/index.ts');
  const { scope } = github;
  return async (path) => {
    const found = await githubBaseline(path, {
      env,
      payload: payloadOf(env),
      token: token ?? null,
      history: async (branch) => (await readHistory(store, scope, branch, historyPath(path))).entries,
      has: async (key) => (await findModel(store, scope, key)) !== null,
    });
    const { ref, commit, from, note, branch, history } = found;
    return {
      ...{ ref, commit, from, note },
      standing: (key) => (branch === null ? null : alreadyOnBase(history, branch, { commit, key })),
    };
  };
}
