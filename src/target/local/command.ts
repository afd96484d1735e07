import { spawn } from 'node:child_process';
import { AyciError } from '../../errors.ts';
import { findExecutable } from './process.ts';

/** How a program ended, with the end of what it wrote. */
export interface Ran {
  readonly ok: boolean;
  /** The last lines of standard error and output. */
  readonly said: string;
}

const KEEP = 4000;

/**
 * Runs a program to its end. Aborting kills it and what it started.
 * @throws AyciError `interrupted`
 */
export async function runCommand(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Ran> {
  // An AYCI that is killed must not leave a pip behind that writes where the next run makes the environment anew.
  const setpriv = findExecutable('setpriv', '/usr/bin:/bin');
  const tied = setpriv === null ? [] : [setpriv, '--pdeathsig', 'KILL'];
  const [first = program, ...rest] = [...tied, program, ...args];
  const child = spawn(first, rest, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let said = '';
  const keep = (chunk: Buffer): void => {
    said = (said + chunk.toString()).slice(-KEEP);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const kill = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // Gone already.
    }
  };
  signal.addEventListener('abort', kill);
  if (signal.aborted) kill();
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      said += error.message;
      resolve(null);
    });
    child.once('close', resolve);
  });
  signal.removeEventListener('abort', kill);
  if (signal.aborted) throw new AyciError('interrupted', 'interrupted');
  return { ok: code === 0, said };
}

/** The line of a program's output that tells most: the last error, else the last line. */
export function tellingLine(said: string): string {
  const lines = said
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return (lines.findLast((line) => /error|no space|denied/i.test(line)) ?? lines.at(-1) ?? 'no reason given').slice(
    0,
    300,
  );
}

/** Arguments of a Python with which its pip installs exactly what a hash-pinned file lists, and builds nothing. */
export function pipInstall(requirements: string, more: readonly string[] = []): readonly string[] {
  const exact = ['--require-hashes', '--no-deps', '--only-binary', ':all:'];
  const quiet = ['--quiet', '--no-input', '--disable-pip-version-check'];
  return ['-I', '-m', 'pip', 'install', ...quiet, ...more, ...exact, '-r', requirements];
}
