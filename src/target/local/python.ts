import { execFile } from 'node:child_process';
import { isAbsolute } from 'node:path';
import { promisify } from 'node:util';
import { findExecutable } from './process.ts';

const run = promisify(execFile);

const OLDEST = 11;
/** The newest minor version of Python 3 for which every locked wheel exists, where that is not the newest of all. */
const NEWEST = 14;
const NEWEST_OF: Readonly<Record<string, number>> = { pytorch: 13, tensorflow: 13 };

/** Minor versions of Python 3 that fit a runtime's environments. */
function fittingOf(environment: string): { readonly oldest: number; readonly newest: number } {
  const runtime = environment.replace(/-convert$/, '');
  return { oldest: OLDEST, newest: NEWEST_OF[runtime] ?? NEWEST };
}

/** Whether a Python by its tag, `cp311`, is one of them. */
export function fitsTag(tag: string, environment: string): boolean {
  const { oldest, newest } = fittingOf(environment);
  const minor = Number(tag.replace(/^cp3/, ''));
  return minor >= oldest && minor <= newest;
}

/** `Python 3.11 to 3.14`: what an environment can be made with, for messages. */
export function fittingText(environment: string): string {
  const { oldest, newest } = fittingOf(environment);
  return `Python 3.${oldest} to 3.${newest}`;
}

const NAMES = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.14', 'python'];

/** A Python that environments can be made with. */
export interface Python {
  readonly program: string;
  /** `cp311`. */
  readonly tag: string;
  /** It can make virtual environments by itself. */
  readonly whole: boolean;
}

/** Debian ships `venv`'s and `ensurepip`'s parts apart; a Python without them needs uv to make an environment. */
const QUESTION = `import sys
try:
    import venv, ensurepip
    whole = 1
except ImportError:
    whole = 0
print(sys.version_info[0], sys.version_info[1], whole)`;

/** The Python that uv brings where there is none that fits. */
export const UV_PYTHON = '3.12';

type Answer = { readonly tag: string; readonly whole: boolean } | { readonly why: string; readonly runs: boolean };

/** The interpreter's tag, or why it does not fit. */
async function ask(program: string, path: string, environment: string): Promise<Answer> {
  try {
    const { stdout } = await run(program, ['-I', '-c', QUESTION], { timeout: 20_000, env: { PATH: path } });
    const [major, minor, whole] = stdout.trim().split(' ').map(Number);
    if (major === 3 && fitsTag(`cp3${minor}`, environment)) return { tag: `cp3${minor}`, whole: whole === 1 };
    return { why: `is Python ${major}.${minor}`, runs: major === 3 };
  } catch {
    return { why: 'does not run', runs: false };
  }
}

export interface PythonSearch {
  readonly found: Python | null;
  /** Some Python 3 that starts, and may have pip. */
  readonly any: string | null;
  /** Each candidate that does not fit, with the reason. */
  readonly passedOver: readonly string[];
}

/**
 * The first Python on `path` that fits; a given one alone counts, where one is given.
 * @param environment a runtime's name, or a converter's: `pytorch-convert`
 */
export async function findPython(given: string | null, path: string, environment: string): Promise<PythonSearch> {
  const passedOver: string[] = [];
  const seen = new Set<string>();
  let incomplete: Python | null = null;
  let any: string | null = null;
  for (const name of given === null ? NAMES : [given]) {
    const program = isAbsolute(name) ? name : findExecutable(name, path);
    if (program === null || seen.has(program)) {
      if (given !== null) passedOver.push(`${name} is not on PATH`);
      continue;
    }
    seen.add(program);
    const answer = await ask(program, path, environment);
    if ('tag' in answer || answer.runs) any ??= program;
    if ('why' in answer) {
      passedOver.push(`${program} ${answer.why}`);
    } else if (answer.whole) {
      return { found: { program, ...answer }, any, passedOver };
    } else {
      incomplete ??= { program, ...answer };
      passedOver.push(`${program} has no venv module`);
    }
  }
  return { found: incomplete, any, passedOver };
}

/** The tag of the environments that a search leads to. */
export function tagOf({ found }: PythonSearch): string {
  return found?.tag ?? `cp${UV_PYTHON.replace('.', '')}`;
}
