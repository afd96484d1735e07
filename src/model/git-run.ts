import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

type Environment = Readonly<Record<string, string | undefined>>;

/** How git is run for one repository. */
export interface GitOptions {
  /** Where git looks for the repository. */
  readonly cwd: string;
  /** The environment of git; absent: this process's own. A workflow's says that nobody is there to ask for a password. */
  readonly env?: Environment;
  /** A folder whose owner may be another user, as in a job's container. */
  readonly safe?: string;
  /** For a host that wants credentials that the clone does not have: tried where git failed without it. It needs `env`. */
  readonly token?: { readonly server: string; readonly value: string };
}

/** What git said when it failed, on one line, without what could be a secret. */
export class GitError extends Error {
  readonly isMissing: boolean;

  constructor(said: string, isMissing = false) {
    super(said);
    this.name = 'GitError';
    this.isMissing = isMissing;
  }
}

/** A mirror that does not answer must not hold a run up. */
const TIME_LIMIT_MS = 300_000;

/** The line of git's words that says why; user names in URLs and queries of signed ones are taken out. */
export function plainWords(said: string): string {
  const lines = said.split('\n').map((line) => line.trim());
  const why = lines.find((line) => /^(fatal|error|batch response):/.test(line)) ?? lines.find((line) => line !== '');
  return (why ?? 'git failed')
    .replace(/:\/\/[^@/\s']+@/g, '://')
    .replace(/\?[^\s']*/g, '')
    .replace(/^(fatal|error): /, '')
    .slice(0, 300);
}

interface Call {
  /** A file that gets standard output; else it is returned, without blanks around. */
  readonly into?: string;
  readonly input?: Uint8Array;
  /** Further variables. */
  readonly env?: Environment;
}

/**
 * Standard output of git.
 * @throws GitError where it fails, is not installed or takes too long
 */
export async function runGit(options: GitOptions, args: readonly string[], call: Call = {}): Promise<string> {
  const safe = options.safe === undefined ? [] : ['-c', `safe.directory=${options.safe}`];
  const env = { ...options.env, GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C', ...call.env };
  const child = spawn('git', ['-C', options.cwd, ...safe, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: TIME_LIMIT_MS,
    ...(options.env === undefined ? {} : { env }),
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', (cause: NodeJS.ErrnoException) =>
      reject(new GitError(cause.code === 'ENOENT' ? 'git cannot be started' : cause.message, true)),
    );
    child.once('close', (code) => resolve(code ?? -1));
  });
  // A git that ends before it has read its input is heard of by its code.
  child.stdin.on('error', () => undefined);
  child.stdin.end(call.input);
  let out = '';
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-20_000)));
  // What goes to a file are bytes.
  if (call.into === undefined) child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
  const written = call.into === undefined ? null : pipeline(child.stdout, createWriteStream(call.into));
  const [code] = await Promise.all([ended, written]);
  if (code === -1) throw new GitError(`git took longer than ${TIME_LIMIT_MS / 1000} s`);
  if (code !== 0) throw new GitError(plainWords(said));
  return out.trim();
}

/** The same, null where git fails; what it said is lost. */
export async function tryGit(options: GitOptions, args: readonly string[]): Promise<string | null> {
  try {
    return await runGit(options, args);
  } catch (thrown) {
    if (thrown instanceof GitError) return null;
    throw thrown;
  }
}

/** Variables that give git a header for one host: never in its arguments, which every user of the machine can read. */
function tokenEnvironment({ token }: GitOptions): Environment {
  if (token === undefined) return {};
  const basic = Buffer.from(`x-access-token:${token.value}`).toString('base64');
  return {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `http.${token.server}/.extraheader`,
    GIT_CONFIG_VALUE_0: `AUTHORIZATION: basic ${basic}`,
  };
}

/**
 * Git over the network: as the clone is set up, then once more with the token. Never both: a host refuses two headers.
 * @throws GitError with the first failure
 */
export async function reachGit(options: GitOptions, args: readonly string[], call: Call = {}): Promise<string> {
  try {
    return await runGit(options, args, call);
  } catch (first) {
    const hopeless = options.token === undefined || options.env === undefined;
    if (hopeless || !(first instanceof GitError) || first.isMissing) throw first;
    return runGit(options, args, { ...call, env: tokenEnvironment(options) }).catch(() => {
      throw first;
    });
  }
}
