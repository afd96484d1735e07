import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AyciError } from '../../errors.ts';
import { tellingLine } from './command.ts';

const MOST_BYTES = 16 << 20;

export interface Merging {
  readonly runtimesDir: string;
  readonly runtime: string;
  readonly lock: string;
  /** The text of the user's own versions. */
  readonly own: string;
  /** The Python that installs: markers are decided for it. */
  readonly python: string;
  /** Of the environment that is being made. */
  readonly folder: string;
}

/**
 * The lock with a user's own versions in place of its own, as a file in the environment: by the program that does so for
 * the images, so that both have the same packages.
 * @throws AyciError `bad-input` where they cannot be put together, `interrupted`
 */
export async function mergedRequirements(merging: Merging, signal: AbortSignal): Promise<string> {
  const { runtimesDir, runtime, lock, own, python, folder } = merging;
  const given = join(folder, 'own-requirements.txt');
  await writeFile(given, own);
  const program = ['-I', join(runtimesDir, 'own_requirements'), 'merge', runtime, lock, given];
  const options = { signal, env: {}, maxBuffer: MOST_BYTES };
  const { stdout } = await promisify(execFile)(python, program, options).catch(
    (cause: { readonly stderr?: string }) => {
      if (signal.aborted) throw new AyciError('interrupted', 'interrupted');
      throw new AyciError('bad-input', `runtime-requirements: ${tellingLine(String(cause.stderr ?? cause))}`, {
        cause,
      });
    },
  );
  const merged = join(folder, 'merged-requirements.txt');
  await writeFile(merged, stdout);
  return merged;
}
