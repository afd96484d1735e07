import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface User {
  readonly id: number;
  readonly login: string;
  readonly type: 'User' | 'Bot';
}

export interface StoredComment {
  readonly id: number;
  readonly node_id: string;
  readonly user: User;
  body: string;
  updated_at: string;
}

export interface ApiRequest {
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly body: unknown;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The connection is cut instead; the request was done, or not. */
  readonly cut?: 'before' | 'after';
}

/** What a GraphQL query is answered from. */
export interface GraphqlWorld {
  readonly comments: readonly StoredComment[];
  readonly viewer: User;
  readonly head: string;
  readonly place: { readonly owner: string; readonly repo: string; readonly pull: number };
}

export type Graphql = (
  query: string,
  variables: Readonly<Record<string, unknown>>,
  world: GraphqlWorld,
) => Promise<unknown>;

export const BOT: User = { id: 41_898_282, login: 'github-actions[bot]', type: 'Bot' };
export const APP: User = { id: 555, login: 'our-app[bot]', type: 'Bot' };
export const STRANGER: User = { id: 777, login: 'stranger', type: 'User' };

/** GitHub's REST and GraphQL API for one pull request, with state. */
export interface GithubApi extends AsyncDisposable {
  readonly url: string;
  readonly comments: StoredComment[];
  readonly requests: ApiRequest[];
  /** The pull request's newest commit. */
  head: string;
  /** What links to further pages begin with, where a proxy stands before it; empty: the server's own address. */
  origin: string;
  /** Whom a token is of; BOT where it is not said. */
  readonly tokens: Map<string, User>;
  /** Answers in the place of the server, or null to let it answer. */
  fault: (request: ApiRequest) => ApiAnswer | null;
  /** ms that an answer takes. */
  latency: () => number;
  add(user: User, body: string): StoredComment;
}

export interface GithubApiOptions {
  readonly graphql?: Graphql;
  /** The whole of a pull request as GitHub describes it, where it is asked for one. */
  readonly pull?: Readonly<Record<string, unknown>>;
}

const PLACE = { owner: 'o', repo: 'r', pull: 7 };
const LONGEST_BODY = 65_536;

/** One page of comments, as GraphQL gives them. */
export function commentsPage({ comments, viewer, place }: GraphqlWorld, first: number, after: string | null) {
  const from = after === null ? 0 : Number(after);
  const nodes = comments.slice(from, from + first).map(({ id, body, user }) => ({
    ...{ fullDatabaseId: String(id), body, viewerDidAuthor: user.id === viewer.id },
    url: `https://github.com/${place.owner}/${place.repo}/pull/${place.pull}#issuecomment-${id}`,
  }));
  return { nodes, pageInfo: { hasNextPage: from + first < comments.length, endCursor: String(from + nodes.length) } };
}

/** Answers the one query that is asked, without knowing GraphQL. */
const plainGraphql: Graphql = async (_query, { after }, world) => ({
  data: {
    repository: {
      pullRequest: {
        headRefOid: world.head,
        comments: commentsPage(world, 100, (after as string | undefined) ?? null),
      },
    },
  },
});

function userJson({ id, login, type }: User): unknown {
  const url = `https://api.github.com/users/${encodeURIComponent(login)}`;
  const links = ['followers', 'following', 'gists', 'starred', 'subscriptions', 'organizations', 'repos', 'events'];
  return {
    ...{
      login,
      id,
      type,
      url,
      node_id: `U_${id}`,
      avatar_url: 'https://avatars.example/u',
      gravatar_id: '',
      site_admin: false,
    },
    ...{ html_url: `https://github.com/${encodeURIComponent(login)}`, received_events_url: `${url}/received_events` },
    ...Object.fromEntries(links.map((name) => [`${name}_url`, `${url}/${name}`])),
  };
}

function commentJson({ id, node_id, user, body, updated_at }: StoredComment): unknown {
  const issue = 'https://api.github.com/repos/o/r/issues';
  return {
    ...{ id, node_id, body, updated_at, user: userJson(user), created_at: updated_at, author_association: 'NONE' },
    ...{ url: `${issue}/comments/${id}`, issue_url: `${issue}/7`, performed_via_github_app: null },
    html_url: `https://github.com/o/r/pull/7#issuecomment-${id}`,
  };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === '' ? null : JSON.parse(text);
}

/** Starts one on 127.0.0.1, for pull request 7 of o/r. */
export async function startGithubApi(options: GithubApiOptions = {}): Promise<GithubApi> {
  const comments: StoredComment[] = [];
  const requests: ApiRequest[] = [];
  const tokens = new Map<string, User>();
  let next = 4_000_000_000;

  const add = (user: User, body: string): StoredComment => {
    next += 1;
    const comment = { id: next, node_id: `IC_${next}`, user, body, updated_at: '2026-11-24T00:00:00Z' };
    comments.push(comment);
    return comment;
  };

  const refuse = (status: number, message: string): ApiAnswer => ({
    status,
    body: { message, documentation_url: 'https://docs.github.com/rest' },
  });

  const list = (url: URL): ApiAnswer => {
    const size = Number(url.searchParams.get('per_page') ?? 30);
    const page = Number(url.searchParams.get('page') ?? 1);
    const pages = Math.max(1, Math.ceil(comments.length / size));
    const other = (to: number, rel: string): string => {
      const target = new URL(url);
      target.searchParams.set('page', String(to));
      return `<${target.href}>; rel="${rel}"`;
    };
    const link = [
      ...(page < pages ? [other(page + 1, 'next'), other(pages, 'last')] : []),
      ...(page > 1 ? [other(1, 'first')] : []),
    ];
    return {
      status: 200,
      body: comments.slice((page - 1) * size, page * size).map(commentJson),
      headers: link.length === 0 ? {} : { link: link.join(', ') },
    };
  };

  const write = (comment: StoredComment | null, user: User, sent: unknown): ApiAnswer => {
    const text = (sent as { body?: unknown } | null)?.body;
    if (typeof text !== 'string') return refuse(422, 'Invalid request.');
    if ([...text].length > LONGEST_BODY)
      return refuse(422, 'Validation Failed: body is too long (maximum is 65536 characters)');
    if (comment === null) return { status: 201, body: commentJson(add(user, text)) };
    comment.body = text;
    return { status: 200, body: commentJson(comment) };
  };

  const answer = async (request: ApiRequest, url: URL, user: User): Promise<ApiAnswer> => {
    const { method, path } = request;
    if (method === 'POST' && path === '/graphql') {
      const { query, variables } = request.body as { query: string; variables: Record<string, unknown> };
      const world = { comments, viewer: user, head: api.head, place: PLACE };
      return { status: 200, body: await (options.graphql ?? plainGraphql)(query, variables, world) };
    }
    if (path === '/repos/o/r/issues/7/comments') {
      if (method === 'GET') return list(url);
      if (method === 'POST') return write(null, user, request.body);
    }
    if (method === 'GET' && path === '/repos/o/r/pulls/7') {
      const pull = options.pull ?? {};
      return { status: 200, body: { ...pull, head: { ...(pull.head ?? {}), sha: api.head } } };
    }
    const id = Number(/^\/repos\/o\/r\/issues\/comments\/(\d+)$/.exec(path)?.[1] ?? Number.NaN);
    const at = comments.findIndex((comment) => comment.id === id);
    const comment = comments[at];
    if (comment === undefined) return refuse(404, 'Not Found');
    if (method === 'GET') return { status: 200, body: commentJson(comment) };
    if (method === 'PATCH') return write(comment, user, request.body);
    if (method !== 'DELETE') return refuse(404, 'Not Found');
    comments.splice(at, 1);
    return { status: 204 };
  };

  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(incoming.url ?? '/', api.origin || `http://${incoming.headers.host}`);
    const request = { method: incoming.method ?? 'GET', path: url.pathname, body: await bodyOf(incoming) };
    requests.push(request);
    const ms = api.latency();
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
    const token = /^(?:token|bearer) (.+)$/i.exec(incoming.headers.authorization ?? '')?.[1];
    const fault = api.fault(request);
    if (fault?.cut === 'before') {
      incoming.socket.destroy();
      return;
    }
    const given = fault !== null && fault.cut === undefined ? fault : null;
    const done =
      given ??
      (token === undefined
        ? refuse(401, 'Requires authentication')
        : await answer(request, url, tokens.get(token) ?? BOT));
    if (fault?.cut === 'after') {
      incoming.socket.destroy();
      return;
    }
    response.writeHead(done.status, {
      ...(done.body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }),
      ...done.headers,
    });
    response.end(done.body === undefined ? undefined : JSON.stringify(done.body));
  };

  const server = createServer((incoming, response) => {
    serve(incoming, response).catch((error: unknown) => {
      response.writeHead(599, { 'content-type': 'application/json' }).end(JSON.stringify({ message: String(error) }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const api: GithubApi = {
    ...{ comments, requests, tokens, add, head: 'f'.repeat(40), origin: '', fault: () => null, latency: () => 0 },
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return api;
}
