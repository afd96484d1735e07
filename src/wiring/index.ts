import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import metadata from '../../package.json' with { type: 'json' };
import { type GithubContext, githubContext } from '../github/context.ts';
import { workflowGit } from '../github/workflow-git.ts';
import { modelSource } from '../model/source.ts';
import type { RunPorts } from '../stages/ports.ts';
import type { Inputs } from '../types/inputs.ts';
import { credentialsOf, lambdaTarget, localTarget, openArchive } from './adapters.ts';
import { ownBaselines } from './baselines.ts';
import { type Outside, systemClock } from './outside.ts';
import { type Setting, settle } from './setting.ts';

export { credentialsOf, localTarget, openArchive } from './adapters.ts';
export { cacheFolder, type Outside, systemClock } from './outside.ts';
export { readTask } from './tasks.ts';

export const VERSION = metadata.version;

/** In a workflow a reader has no clone of AYCI: npx brings the action's own commit or tag. */
function commandOf({ env, inAction }: Outside): string {
  const { GITHUB_ACTION_REPOSITORY: repository = '', GITHUB_ACTION_REF: ref = '' } = env;
  const known = inAction && /^[\w.-]+\/[\w.-]+$/.test(repository) && /^[\w./-]+$/.test(ref);
  return known ? `npx --yes github:${repository}#${ref}` : 'node dist/cli.js';
}

/**
 * Where and as whom a run with these inputs measures here.
 * @throws AyciError `bad-input` under an event that would run strangers' models with rights
 */
export function settingOf(inputs: Inputs, { env, placeOf, inAction }: Outside, github: GithubContext): Setting {
  if (github.refusal !== null) throw github.refusal;
  const withoutIdentity = github.origin === 'fork' || github.origin === 'dependabot';
  return settle(inputs, { env, placeOf, onBase: github.branch !== null, inAction, withoutIdentity });
}

/** Builds everything outside that a run touches, and takes it down again. */
export async function withPorts<T>(
  inputs: Inputs,
  outside: Outside,
  work: (ports: RunPorts) => Promise<T>,
): Promise<T> {
  const { logger, signal, placeOf } = outside;
  const github = githubContext(outside.env, outside.pull ?? null);
  const setting = settingOf(inputs, outside, github);
  for (const note of setting.notes) logger.warn(note);
  const credentials = await credentialsOf(setting, outside, github);
  const archive = await openArchive(setting, outside, github, credentials);
  const { store } = archive;
  const target =
    setting.target === 'local'
      ? archive.around(await localTarget(outside, inputs.runtimeRequirements))
      : await lambdaTarget(inputs, setting, outside, credentials);
  const models = modelSource(
    placeOf,
    github.origin === 'outside' ? {} : workflowGit(outside.env, outside.token ?? null),
  );
  const scratch = await mkdtemp(join(tmpdir(), 'ayci-'));
  try {
    return await work({
      target,
      store,
      scope: github.scope,
      models,
      clock: systemClock,
      logger,
      signal,
      version: VERSION,
      command: commandOf(outside),
      commit: github.commit,
      baseCommit: github.baseCommit,
      ownBaseline: await ownBaselines(outside, github, store),
      historyBranch: github.branch,
      region: setting.region,
      notes: setting.notes,
      runId: `${github.runId ?? systemClock.date().toISOString().replace(/\W/g, '')}-${randomUUID().slice(0, 8)}`,
      scratch,
      placeOf,
    });
  } finally {
    await target.close();
    await archive.save();
    await models.close();
    await rm(scratch, { recursive: true, force: true });
  }
}
