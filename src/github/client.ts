import { setTimeout as wait } from 'node:timers/promises';
import type { getOctokit } from '@actions/github';
import { AyciError } from '../errors.ts';
import { visible } from '../report/escape.ts';

/** GitHub's API: `rest`, `paginate`, `graphql` of octokit, with bounded retries and typed errors. */
export type GithubClient = ReturnType<typeof getOctokit>;

export interface ClientOptions {
  /** A secret: it is in no message. */
  readonly token: string;
  /** `GITHUB_API_URL`; null: github.com's. */
  readonly apiUrl: string | null;
  readonly signal?: AbortSignal;
  readonly sleep?: (ms: number) => Promise<void>;
}

const ATTEMPTS = 4;
const LONGEST_WAIT_MS = 60_000;
const REQUEST_MS = 30_000;

/** What octokit throws: without a response where the network failed. */
interface Refusal extends Error {
  readonly status: number;
  readonly response?: {
    readonly headers: Readonly<Record<string, string | number | undefined>>;
    readonly data: unknown;
  };
}

interface Request {
  readonly method: string;
  readonly url: string;
}

function isRefusal(thrown: unknown): thrown is Refusal {
  return thrown instanceof Error && typeof (thrown as Partial<Refusal>).status === 'number';
}

/** The HTTP status that an error of this client comes from; null: it reached no server, or is none of it. */
export function statusOf(error: unknown): number | null {
  const cause = error instanceof AyciError ? error.cause : error;
  return isRefusal(cause) && cause.response !== undefined ? cause.status : null;
}

/** Whether a request may have been done although it failed. */
export function isUnclear(error: unknown): boolean {
  const cause = error instanceof AyciError ? error.cause : error;
  return isRefusal(cause) && (cause.response === undefined || cause.status >= 500);
}

function isLimited({ status, response }: Refusal): boolean {
  if (status === 429) return true;
  const { headers = {}, data } = response ?? {};
  if (status !== 403) return false;
  const message = String((data as { message?: unknown } | null | undefined)?.message ?? '');
  return headers['x-ratelimit-remaining'] === '0' || /rate limit|abuse detection/i.test(message);
}

/** Until when GitHub wants no request, in ms from now; null where it does not say. */
function askedWait({ response }: Refusal, now: number): number | null {
  const after = Number(response?.headers['retry-after'] ?? Number.NaN);
  if (after >= 0) return after * 1000;
  const reset = Number(response?.headers['x-ratelimit-reset'] ?? Number.NaN);
  const remaining = response?.headers['x-ratelimit-remaining'];
  return remaining === '0' && reset > 0 ? Math.max(0, reset * 1000 - now) : null;
}

/** ms to wait before a request is sent again; null: it is not. What creates is sent again only where it surely was not done. */
function retryWait(refusal: Refusal, { method, url }: Request, attempt: number): number | null {
  const backoff = 500 * 2 ** (attempt - 1) * (1 + Math.random());
  if (isLimited(refusal)) {
    const asked = askedWait(refusal, Date.now()) ?? backoff;
    return asked <= LONGEST_WAIT_MS ? asked : null;
  }
  const repeatable = method !== 'POST' || url.endsWith('/graphql');
  return repeatable && (refusal.response === undefined || refusal.status >= 500) ? backoff : null;
}

function hintOf(refusal: Refusal, said: string): string {
  if (isLimited(refusal)) return 'GitHub limits the requests of this token: run the job again later.';
  if (/locked/i.test(said)) return 'The conversation is locked: unlock it, or set `comment: never`.';
  const write = 'Give the job `permissions: pull-requests: write`';
  switch (refusal.status) {
    case 401:
      return 'Leave out `github-token`, or give it a token that is valid.';
    case 403:
    case 404:
      return `${write}; on a pull request of a fork no token may write: docs/forks.md.`;
    default:
      return refusal.response === undefined ? 'Is GITHUB_API_URL reachable from this runner?' : 'Run the job again.';
  }
}

function typed(refusal: Refusal, { method, url }: Request): AyciError {
  const data = refusal.response?.data as { message?: unknown } | undefined;
  const said = visible(String(data?.message ?? refusal.message), 200);
  // A path may hold what a pull request named.
  const path = visible(url.replace(/^https?:\/\/[^/]+/, '').replace(/\?.*$/, ''), 120);
  const got = refusal.response === undefined ? said : `${refusal.status} ${said}`;
  return new AyciError('environment', `GitHub's API: ${method} ${path} failed, got ${got}; expected success`, {
    hint: hintOf(refusal, said),
    cause: refusal,
  });
}

/** The client is loaded here: a run without pull request never needs it. */
export async function openClient(options: ClientOptions): Promise<GithubClient> {
  const { getOctokit } = await import('@actions/github');
  const base = options.apiUrl === null ? {} : { baseUrl: options.apiUrl };
  const client = getOctokit(options.token, base);
  const sleep = options.sleep ?? ((ms: number) => wait(ms, undefined, options.signal && { signal: options.signal }));
  client.hook.wrap('request', async (request, asked) => {
    const parsed = client.request.endpoint(asked);
    for (let attempt = 1; ; attempt += 1) {
      const signals = [AbortSignal.timeout(REQUEST_MS), ...(options.signal === undefined ? [] : [options.signal])];
      try {
        return await request({ ...asked, request: { ...asked.request, signal: AbortSignal.any(signals) } });
      } catch (thrown) {
        if (!isRefusal(thrown)) throw thrown;
        const delay =
          attempt < ATTEMPTS && options.signal?.aborted !== true ? retryWait(thrown, parsed, attempt) : null;
        if (delay === null) throw typed(thrown, parsed);
        await sleep(delay);
      }
    }
  });
  return client;
}
