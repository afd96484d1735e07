import { createHash } from 'node:crypto';
import type { Scope } from '../../archive/records.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Changes with the layout of the entries. */
const LAYOUT = 1;

function host(): string {
  return `${process.platform}-${process.arch}`;
}

function short(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** Whether a run writes what others are judged by. */
export function isBase(scope: Scope): boolean {
  return scope.write === scope.read[0];
}

/** How the keys of the base branch's entries begin: pull requests read them too. */
export function basePrefix(): string {
  return `ayci-archive-${LAYOUT}-${host()}-base-`;
}

/**
 * How the keys of what this run saves begin: the base branch's, a pull request's, or another ref's.
 *
 * These names keep parts apart, they do not protect them: a pull request's workflow can save under any key. The wall is
 * GitHub's own: an entry belongs to the ref whose run wrote it, and the base branch is never given a pull request's.
 *
 * @param pull the pull request that a run on another ref measures
 */
export function ownPrefix(scope: Scope, env: Environment, pull: number | null): string {
  if (isBase(scope)) return basePrefix();
  const ref = env.GITHUB_REF ?? '';
  const number = pull ?? /^refs\/pull\/(\d{1,15})\/merge$/.exec(ref)?.[1] ?? null;
  const part = number === null ? `ref-${short(ref)}` : `pr-${number}`;
  return `ayci-archive-${LAYOUT}-${host()}-${part}-`;
}

const DIGITS = 8;

/**
 * The `generation`-th key of a part. An entry never changes and its key is given once, so that of runs that go on from
 * the same generation one is given the next: a compare-and-swap.
 */
export function keyAt(prefix: string, generation: number): string {
  return `${prefix}${String(generation).padStart(DIGITS, '0')}`;
}

/** Which generation a key is of; 0 where it is none of ours. */
export function generationOf(key: string | null): number {
  return Number(/-(\d{8})$/.exec(key ?? '')?.[1] ?? 0);
}

/** How the keys of environments of these requirements begin. The image counts: a virtual environment is of its Python. */
export function environmentsPrefix(requirements: readonly string[], env: Environment): string {
  const of = short([env.AYCI_PYTHON ?? '', ...requirements].join('\n'));
  return `ayci-envs-${LAYOUT}-${host()}-${(env.ImageOS ?? 'any').replace(/[^\w.]/g, '_').slice(0, 40)}-${of}-`;
}

/** The key of exactly these environments. */
export function environmentsKey(prefix: string, names: readonly string[]): string {
  return `${prefix}${short([...names].sort().join('\n'))}`;
}
