import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder } from './folder.ts';
import { commentsPage, type GithubApi, type Graphql, startGithubApi } from './github-api.ts';

/** What of GitHub's description is in use; the whole of it takes Prism 11 s to read. */
const PATHS = [
  '/repos/{owner}/{repo}/issues/{issue_number}/comments',
  '/repos/{owner}/{repo}/issues/comments/{comment_id}',
  '/repos/{owner}/{repo}/pulls/{pull_number}',
];

type Json = Readonly<Record<string, unknown>>;

interface Description {
  readonly openapi: string;
  readonly info: unknown;
  readonly paths: Readonly<Record<string, unknown>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Names of the components that a part of the description points to. */
function pointers(part: unknown): readonly string[] {
  return [...JSON.stringify(part).matchAll(/"\$ref":"#\/components\/([^"]+)"/g)].map(([, name = '']) => name);
}

/** GitHub's description, cut to the paths in use and what they point to. */
function cut(description: Description): Json {
  const paths = Object.fromEntries(PATHS.map((path) => [path, description.paths[path]]));
  const components: Record<string, Record<string, unknown>> = {};
  const todo = [...pointers(paths)];
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    const [kind = '', key = ''] = name.split('/');
    const found = description.components[kind]?.[key];
    const room = components[kind] ?? {};
    components[kind] = room;
    if (room[key] !== undefined) continue;
    room[key] = found;
    todo.push(...pointers(found));
  }
  // REST's description does not know GraphQL: its own schema is checked behind the proxy.
  const graphql = {
    requestBody: {
      required: true,
      content: { 'application/json': { schema: { type: 'object', required: ['query'] } } },
    },
    responses: { 200: { description: 'answer', content: { 'application/json': { schema: { type: 'object' } } } } },
  };
  return {
    ...{ openapi: description.openapi, info: description.info, components },
    paths: { ...paths, '/graphql': { post: graphql } },
  };
}

interface GraphqlPackage {
  buildSchema(text: string, options: { readonly assumeValid: boolean; readonly assumeValidSDL: boolean }): unknown;
  graphql(task: {
    readonly schema: unknown;
    readonly source: string;
    readonly rootValue: unknown;
    readonly variableValues: Readonly<Record<string, unknown>>;
  }): Promise<unknown>;
}

interface CommentsArguments {
  readonly first: number;
  readonly after?: string | null;
}

/** Answers queries by GitHub's own schema: what that does not know is an error, as it is there. */
function describedGraphql(folder: string): Graphql {
  const { buildSchema, graphql } = createRequire(join(folder, 'package.json'))('graphql') as GraphqlPackage;
  const text = readFileSync(join(folder, 'node_modules/@octokit/graphql-schema/schema.graphql'), 'utf8');
  // GitHub's own text names a field twice, of a type that is not asked for.
  const schema = buildSchema(text, { assumeValid: true, assumeValidSDL: true });
  return (source, variableValues, world) => {
    const comments = ({ first, after }: CommentsArguments): unknown => {
      if (first > 100) throw new Error('Requesting more than 100 records on the `comments` connection');
      return commentsPage(world, first, after ?? null);
    };
    const { place, head } = world;
    const rootValue = {
      repository: ({ owner, name }: { readonly owner: string; readonly name: string }) =>
        owner !== place.owner || name !== place.repo
          ? null
          : {
              pullRequest: ({ number }: { readonly number: number }) =>
                number === place.pull ? { headRefOid: head, comments } : null,
            },
    };
    return graphql({ schema, source, rootValue, variableValues });
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The API behind a proxy that holds requests and answers to GitHub's own description. */
export interface DescribedGithubApi extends AsyncDisposable {
  /** The proxy's address. */
  readonly url: string;
  /** The server behind it. */
  readonly api: GithubApi;
}

/** Starts both on 127.0.0.1; they end with this process. */
export async function startDescribedGithubApi(): Promise<DescribedGithubApi> {
  const folder = process.env.AYCI_TEST_PRISM;
  if (folder === undefined) throw new Error('AYCI_TEST_PRISM is not set: node scripts/parts.mjs prism');
  const file = join(folder, 'node_modules/@octokit/openapi/generated/api.github.com.json');
  const description = JSON.parse(readFileSync(file, 'utf8')) as Description;
  const examples = description.components.examples as Readonly<Record<string, { readonly value: Json } | undefined>>;
  // GitHub's example of a team is not what its own schema asks for.
  const pull = { ...examples['pull-request']?.value, requested_teams: [] };
  const api = await startGithubApi({ graphql: describedGraphql(folder), pull });
  const scratch = await temporaryFolder();
  const path = join(scratch.path, 'github.json');
  await writeFile(path, JSON.stringify(cut(description)));
  const port = await freePort();
  const prism = join(folder, 'node_modules/@stoplight/prism-cli/dist/index.js');
  const args = [prism, 'proxy', '--errors', '-h', '127.0.0.1', '-p', String(port), path, api.url];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, ...args], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const url = `http://127.0.0.1:${port}`;
  api.origin = url;
  const started: DescribedGithubApi = {
    ...{ url, api },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
      await api[Symbol.asyncDispose]();
      await scratch[Symbol.asyncDispose]();
    },
  };
  for (;;) {
    if (child.exitCode !== null) {
      await started[Symbol.asyncDispose]();
      throw new Error(`prism ended with ${child.exitCode}`);
    }
    const up = await fetch(`${url}/`).then(
      (answer) => answer.arrayBuffer().then(() => true),
      () => false,
    );
    if (up) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  api.requests.length = 0;
  return started;
}
