import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type GithubApi, startGithubApi } from './github-api.ts';

export interface StoredArtifact {
  readonly id: number;
  readonly name: string;
  readonly bytes: Buffer;
  /** What the list says of its size; the truth where it is not given. */
  readonly listed?: number;
  readonly expired?: boolean;
  /** Where it is, if not in the store. */
  readonly location?: string;
  /** What the store says instead of giving it. */
  readonly storeError?: string;
}

export interface StoredPull {
  readonly number: number;
  readonly state: 'open' | 'closed';
  readonly headOwner: string;
  readonly branch: string;
  readonly sha: string;
  readonly headRepository: number | null;
  readonly baseRepository: number;
}

/** A folder as git has it. */
export type StoredTree = readonly {
  readonly path: string;
  readonly mode: string;
  readonly type: string;
  readonly sha: string;
  readonly size?: number;
}[];

export interface PosterWorld {
  /** By SHA; a commit's is the tree that it has. */
  readonly trees?: Readonly<Record<string, StoredTree>>;
  readonly blobs?: Readonly<Record<string, Buffer>>;
  /** Artifacts of each run of o/r. */
  readonly runs?: Readonly<Record<number, readonly StoredArtifact[]>>;
  readonly pulls?: readonly StoredPull[];
  /** A pull request as GitHub describes it, for those that ask about more than is looked at. */
  readonly wholePull?: Readonly<Record<string, unknown>>;
  /** Status of what the token may not do. */
  readonly refuse?: (method: string, path: string) => number | null;
}

export interface PosterApi extends AsyncDisposable {
  readonly url: string;
  /** `METHOD path?query`, in the order in which they came. */
  readonly requests: string[];
  /** Requests that came to the store of artifacts, with the Authorization header where one was sent. */
  readonly stored: { readonly path: string; readonly authorization: string | null }[];
  /** The pull request and its comments. */
  readonly github: GithubApi;
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(value));
}

async function handOn(request: IncomingMessage, response: ServerResponse, to: string): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { authorization = '' } = request.headers;
  const answer = await fetch(`${to}${request.url}`, {
    method: request.method ?? 'GET',
    headers: { authorization, 'content-type': 'application/json' },
    body: chunks.length === 0 ? null : Buffer.concat(chunks),
  });
  response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'application/json' });
  response.end(Buffer.from(await answer.arrayBuffer()));
}

type Side = { readonly repo?: object };

/** A pull request in a list: what clients look at, in the place of what `whole` has. */
function pullJson(pull: StoredPull, whole: Readonly<Record<string, unknown>> = {}): unknown {
  const [head, base] = [(whole.head ?? {}) as Side, (whole.base ?? {}) as Side];
  const repo = pull.headRepository === null ? null : { ...head.repo, id: pull.headRepository };
  return {
    ...whole,
    number: pull.number,
    state: pull.state,
    head: { ...head, ref: pull.branch, sha: pull.sha, label: `${pull.headOwner}:${pull.branch}`, repo },
    base: { ...base, ref: 'main', repo: { ...base.repo, id: pull.baseRepository } },
  };
}

function artifactJson(
  { id, name, bytes, listed = bytes.length, expired = false }: StoredArtifact,
  run: number,
): unknown {
  const url = `https://api.github.com/repos/o/r/actions/artifacts/${id}`;
  const at = '2026-11-24T00:00:00Z';
  return {
    ...{ id, node_id: `A_${id}`, name, size_in_bytes: listed, url, archive_download_url: `${url}/zip`, expired },
    ...{ created_at: at, updated_at: at, expires_at: at },
    workflow_run: { id: run },
  };
}

/** GitHub's API of o/r with runs, their artifacts, pull requests, and the comments of number 7. */
export async function posterApi(world: PosterWorld): Promise<PosterApi> {
  const github = await startGithubApi(world.wholePull === undefined ? {} : { pull: world.wholePull });
  const requests: string[] = [];
  const stored: PosterApi['stored'] = [];
  const artifacts = Object.values(world.runs ?? {}).flat();

  const store = createServer((request, response) => {
    const path = request.url ?? '';
    stored.push({ path, authorization: request.headers.authorization ?? null });
    const found = artifacts.find(({ id }) => path.startsWith(`/artifact/${id}?`));
    if (found?.storeError !== undefined) {
      response.writeHead(403, { 'content-type': 'application/xml' }).end(found.storeError);
      return;
    }
    response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/zip' });
    response.end(found?.bytes);
  });
  const storeUrl = await listening(store);

  const answer = (request: IncomingMessage, response: ServerResponse): unknown => {
    const method = request.method ?? '';
    const { pathname: path, searchParams: query } = new URL(request.url ?? '', 'http://api');
    requests.push(`${method} ${request.url}`);
    const refused = world.refuse?.(method, path) ?? null;
    if (refused !== null) return send(response, refused, { message: 'Resource not accessible by integration' });
    const page = Number(query.get('page') ?? '1') - 1;
    const size = Number(query.get('per_page') ?? '30');
    const paged = <T>(all: readonly T[]): readonly T[] => all.slice(page * size, (page + 1) * size);
    const number = (pattern: RegExp): number => Number(pattern.exec(path)?.[1] ?? Number.NaN);

    if (path === '/repos/o/r/pulls') {
      const found = (world.pulls ?? []).filter(
        (pull) => pull.state === query.get('state') && `${pull.headOwner}:${pull.branch}` === query.get('head'),
      );
      return send(
        response,
        200,
        paged(found).map((pull) => pullJson(pull, world.wholePull)),
      );
    }
    const run = number(/^\/repos\/o\/r\/actions\/runs\/(\d+)\/artifacts$/);
    if (run > 0) {
      const all = world.runs?.[run] ?? [];
      const listed = paged(all).map((one) => artifactJson(one, run));
      return send(response, 200, { total_count: all.length, artifacts: listed });
    }
    const artifact = number(/^\/repos\/o\/r\/actions\/artifacts\/(\d+)\/zip$/);
    if (artifact > 0) {
      const elsewhere = artifacts.find(({ id }) => id === artifact)?.location;
      response.writeHead(302, { location: elsewhere ?? `${storeUrl}/artifact/${artifact}?sig=signed-secret` });
      return response.end();
    }
    const [, kind = '', sha = ''] = /^\/repos\/o\/r\/git\/(tree|blob)s\/([0-9a-f]+)$/.exec(path) ?? [];
    const tree = kind === 'tree' ? world.trees?.[sha] : undefined;
    if (tree !== undefined)
      return send(response, 200, { sha, url: `https://api.github.com${path}`, truncated: false, tree });
    const blob = kind === 'blob' ? world.blobs?.[sha] : undefined;
    if (blob !== undefined && request.headers.accept === 'application/vnd.github.raw+json') {
      response.writeHead(200, { 'content-type': 'application/vnd.github.raw+json; charset=utf-8' });
      return response.end(blob);
    }
    return handOn(request, response, github.url).catch((error: unknown) => {
      send(response, 599, { message: String(error) });
    });
  };
  const api = createServer((request, response) => void answer(request, response));
  const url = await listening(api);
  return {
    ...{ url, requests, stored, github },
    [Symbol.asyncDispose]: async () => {
      await closed(api);
      await closed(store);
      await github[Symbol.asyncDispose]();
    },
  };
}
