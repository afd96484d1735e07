import { githubContext, payloadOf } from '../github/context.ts';
import type { OwnRequirements } from '../target/local/own-requirements.ts';
import type { Outside } from './outside.ts';

/**
 * The user's own versions of frameworks. A pull request installs nothing that the base branch does not: there it is the
 * base's file that counts, and where the base has none, none does.
 * @throws AyciError `bad-input` where the file cannot be read or is no list of pinned packages
 */
export async function ownRequirements(path: string | null, outside: Outside): Promise<OwnRequirements | null> {
  if (path === null) return null;
  const { env, logger, placeOf, token } = outside;
  const [{ LARGEST_REQUIREMENTS, parseOwnRequirements }, { readTextFile }] = await Promise.all([
    import('../target/local/own-requirements.ts'),
    import('../config/text-file.ts'),
  ]);
  const named = {
    ...{ place: placeOf('runtime-requirements'), name: path, largest: LARGEST_REQUIREMENTS },
    ...{ expected: 'the path of a file of pinned requirements', missing: 'Check the path.' },
  };
  const place = `${named.place}: ${JSON.stringify(path)}`;
  const payload = payloadOf(env);
  if ('pull_request' in payload && githubContext(env).origin !== 'outside') {
    const { baseFile } = await import('../github/base-file.ts');
    const { file, note } = await baseFile(named, env, payload, token ?? null);
    if (file !== null) return parseOwnRequirements(file.text, `${place} of the base`);
    logger.warn(note ?? `The base has no ${path}: the runtimes' own versions are used until it is merged.`);
    return null;
  }
  return parseOwnRequirements(await readTextFile(path, named), place);
}
