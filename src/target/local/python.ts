import { execFile } from 'node:child_process';
import { isAbsolute } from 'node:path';
import { promisify } from 'node:util';
import { findExecutable } from './process.ts';

const run = promisify(execFile);

/** Minor versions of Python 3 for which every locked wheel exists. */
const FITTING = [11, 12, 13, 14] as const;

const NAMES = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.14', 'python'];

/** A Python that can make virtual environments. */
export interface Python {
  readonly program: string;
  /** `cp311`. */
  readonly tag: string;
}

const QUESTION = 'import sys, venv, ensurepip; print(sys.version_info[0], sys.version_info[1])';

/** The interpreter's tag, or why it does not fit. */
async function ask(program: string, path: string): Promise<{ tag: string } | { why: string }> {
  try {
    const { stdout } = await run(program, ['-I', '-c', QUESTION], { timeout: 20_000, env: { PATH: path } });
    const [major, minor] = stdout.trim().split(' ').map(Number);
    const fits = major === 3 && FITTING.some((one) => one === minor);
    return fits ? { tag: `cp3${minor}` } : { why: `is Python ${major}.${minor}` };
  } catch (error) {
    const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    return { why: /No module named '?(venv|ensurepip)/.test(text) ? 'has no venv module' : 'does not run' };
  }
}

export interface PythonSearch {
  readonly found: Python | null;
  /** Each candidate that does not fit, with the reason. */
  readonly passedOver: readonly string[];
}

/** The first Python on `path` that fits; a given one alone counts, where one is given. */
export async function findPython(given: string | null, path: string): Promise<PythonSearch> {
  const passedOver: string[] = [];
  const seen = new Set<string>();
  for (const name of given === null ? NAMES : [given]) {
    const program = isAbsolute(name) ? name : findExecutable(name, path);
    if (program === null || seen.has(program)) {
      if (given !== null) passedOver.push(`${name} is not on PATH`);
      continue;
    }
    seen.add(program);
    const answer = await ask(program, path);
    if ('tag' in answer) return { found: { program, tag: answer.tag }, passedOver };
    passedOver.push(`${program} ${answer.why}`);
  }
  return { found: null, passedOver };
}
