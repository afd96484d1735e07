import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { AyciError } from '../../errors.ts';
import { runCommand, tellingLine } from './command.ts';

export interface CodePlace {
  readonly cacheDir: string;
  /** `runtimes/`. */
  readonly runtimesDir: string;
}

/** Python's own files and folders, without what a developer's runs have left in them. */
function isCode(path: string): boolean {
  const ending = extname(path);
  return ending === '.py' || (ending === '' && basename(path) !== '__pycache__');
}

/**
 * A runtime's code as the images have it: with the common code in one folder, compiled. A sandbox writes no bytecode, so
 * that it would compile anew at each cold start what it does not find compiled.
 * @param digest of the code and of the Python that runs it
 * @returns its folder, made once
 * @throws AyciError `environment` or `interrupted`
 */
export async function compiledCode(
  { cacheDir, runtimesDir }: CodePlace,
  runtime: string,
  digest: string,
  python: string,
  signal: AbortSignal,
): Promise<string> {
  const all = join(cacheDir, 'code');
  const folder = join(all, `${runtime}-${digest.replace('sha256:', '').slice(0, 12)}`);
  if (existsSync(folder)) return folder;
  let making: string | null = null;
  try {
    await mkdir(all, { recursive: true });
    making = await mkdtemp(join(all, 'making-'));
    for (const part of ['common', runtime])
      await cp(join(runtimesDir, part), making, { recursive: true, filter: isCode });
    const names = ['-s', making, '-p', folder, '--invalidation-mode', 'unchecked-hash'];
    const ran = await runCommand(python, ['-I', '-m', 'compileall', '-q', ...names, making], {}, signal);
    if (!ran.ok) throw new AyciError('environment', `runtime ${runtime}: cannot be compiled: ${tellingLine(ran.said)}`);
    await rename(making, folder);
  } catch (thrown) {
    if (making !== null) await rm(making, { recursive: true, force: true });
    // Another run has made it meanwhile.
    if (existsSync(folder)) return folder;
    if (thrown instanceof AyciError) throw thrown;
    throw new AyciError('environment', `runtime ${runtime}: ${JSON.stringify(all)} cannot be used`, {
      hint: 'Set XDG_CACHE_HOME to a folder that can be written.',
      cause: thrown,
    });
  }
  return folder;
}
