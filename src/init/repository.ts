import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AyciError } from '../errors.ts';
import { type GitOptions, runGit, tryGit } from '../model/git-run.ts';

/**
 * The work tree around a folder.
 * @throws AyciError `bad-input` where there is none, or git cannot tell
 */
export async function repositoryAround(folder: string): Promise<GitOptions> {
  const top = await runGit({ cwd: folder }, ['rev-parse', '--show-toplevel']).catch((cause: unknown) => {
    throw new AyciError(
      'bad-input',
      `init: ${JSON.stringify(folder)} is in no git repository; expected a clone with models in it`,
      {
        hint: 'Change into it, or begin one with git init.',
        cause,
      },
    );
  });
  return { cwd: top };
}

/** The branch that pull requests go to: the remote's own, else `main`. */
export async function baseBranch(git: GitOptions): Promise<string> {
  const head = await tryGit(git, ['symbolic-ref', '--quiet', '--short', 'refs/remotes/origin/HEAD']);
  return head?.replace(/^origin\//, '') || 'main';
}

/** Name and commit of the action where this program is a clone of it on GitHub; null elsewhere. */
export async function ownRelease(entry: string): Promise<string | null> {
  const root = dirname(dirname(fileURLToPath(entry)));
  const git: GitOptions = { cwd: root };
  const top = await tryGit(git, ['rev-parse', '--show-toplevel']);
  const same = top !== null && (await realpath(top)) === (await realpath(root));
  if (!same || (await tryGit(git, ['ls-files', '--error-unmatch', '--', 'action.yml', 'dist/action.js'])) === null)
    return null;
  const [url, commit] = [await tryGit(git, ['remote', 'get-url', 'origin']), await tryGit(git, ['rev-parse', 'HEAD'])];
  const name =
    /^(?:https:\/\/(?:[^@/]*@)?|ssh:\/\/git@|git@)github\.com[:/]([A-Za-z0-9-]+\/[A-Za-z0-9._-]+?)(?:\.git)?\/?$/.exec(
      url ?? '',
    )?.[1];
  return name === undefined || commit === null || !/^[0-9a-f]{40}$/.test(commit) ? null : `${name}@${commit}`;
}
