import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Nobody's settings, nobody's name, one moment: the same commits on every machine. */
export const GIT_ENV: Readonly<Record<string, string>> = {
  PATH: process.env.PATH ?? '',
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@example.invalid',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@example.invalid',
  GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z',
  GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z',
};

/** Standard output of git in a folder. */
export function git(cwd: string, args: readonly string[], input?: string | Uint8Array, env = {}): string {
  const options = { cwd, env: { ...GIT_ENV, ...env }, maxBuffer: 2 ** 26 };
  const stdio: ['pipe', 'pipe', 'pipe'] = ['pipe', 'pipe', 'pipe'];
  return execFileSync('git', [...args], { ...options, stdio, ...(input === undefined ? {} : { input }) })
    .toString()
    .trim();
}

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** A server's repository, as GitHub's answers: any commit by its name, any filter. */
export class Origin {
  readonly path: string;
  readonly url: string;
  #blobs = new Map<string | Uint8Array, string>();

  constructor(folder: string) {
    this.path = join(folder, 'origin.git');
    this.url = `file://${this.path}`;
    mkdirSync(this.path, { recursive: true });
    git(this.path, ['init', '-q', '--bare', '-b', 'main']);
    for (const name of ['allowAnySHA1InWant', 'allowFilter']) git(this.path, ['config', `uploadpack.${name}`, 'true']);
  }

  #blob(content: string | Uint8Array): string {
    const known = this.#blobs.get(content);
    if (known !== undefined) return known;
    const id = git(this.path, ['hash-object', '-w', '--stdin'], content);
    this.#blobs.set(content, id);
    return id;
  }

  /** A commit of exactly these files. */
  commit(parents: readonly string[], files: Files, message = 'x'): string {
    const index = { GIT_INDEX_FILE: join(this.path, 'building') };
    git(this.path, ['read-tree', '--empty'], undefined, index);
    const lines = Object.entries(files).map(([path, content]) => `100644 ${this.#blob(content)}\t${path}\n`);
    git(this.path, ['update-index', '--index-info'], lines.join(''), index);
    const tree = git(this.path, ['write-tree'], undefined, index);
    return git(this.path, ['commit-tree', tree, ...parents.flatMap((one) => ['-p', one])], message);
  }

  /** Points a branch, or GitHub's `pull/1/merge`, at a commit. */
  point(ref: string, commit: string): void {
    git(this.path, ['update-ref', ref.startsWith('refs/') ? ref : `refs/heads/${ref}`, commit]);
  }

  /** Forgets what nothing points at, as servers do some time after a forced push. */
  prune(): void {
    git(this.path, ['reflog', 'expire', '--expire=now', '--all']);
    git(this.path, ['prune', '--expire=now']);
  }
}

export interface CheckoutOptions {
  /** 0: all of the history, as fetch-depth has it; 1 unless given. */
  readonly depth?: number;
  readonly filter?: string;
  readonly url?: string;
}

/** Checks a commit out as actions/checkout does: one ref, no tags, detached. */
export function checkout(origin: Origin, folder: string, commit: string, options: CheckoutOptions = {}): string {
  const { depth = 1, filter, url = origin.url } = options;
  mkdirSync(folder, { recursive: true });
  git(folder, ['init', '-q', '-b', 'main']);
  git(folder, ['remote', 'add', 'origin', url]);
  const all = ['+refs/heads/*:refs/remotes/origin/*'];
  const some = [...(depth === 0 ? [] : [`--depth=${depth}`]), ...(filter === undefined ? [] : [`--filter=${filter}`])];
  const refs = [...(depth === 0 ? all : []), `+${commit}:refs/remotes/pull/1/merge`];
  git(folder, ['fetch', '-q', '--no-tags', ...some, 'origin', ...refs]);
  git(folder, ['checkout', '-q', '--force', '--detach', 'refs/remotes/pull/1/merge']);
  return folder;
}
