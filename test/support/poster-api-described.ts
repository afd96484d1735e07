import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder } from './folder.ts';
import { type PosterApi, type PosterWorld, posterApi } from './poster-api.ts';
import { recordingProxy } from './recording-proxy.ts';

const REPO = '/repos/{owner}/{repo}';
/** Redirects, which Prism follows itself, and raw blobs, which GitHub's description leaves to its documentation. */
const UNDESCRIBED = /^\/repos\/o\/r\/(actions\/artifacts\/\d+\/zip|git\/blobs\/[0-9a-f]{40})$/;
/** What of GitHub's description is in use; the whole of it takes Prism 11 s to read. */
const PATHS = [
  `${REPO}/pulls`,
  `${REPO}/pulls/{pull_number}`,
  `${REPO}/actions/runs/{run_id}/artifacts`,
  `${REPO}/git/trees/{tree_sha}`,
  `${REPO}/issues/{issue_number}/comments`,
  `${REPO}/issues/comments/{comment_id}`,
];

type Json = Readonly<Record<string, unknown>>;

interface Description {
  readonly openapi: string;
  readonly info: unknown;
  readonly paths: Readonly<Record<string, unknown>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

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
    const room = components[kind] ?? {};
    components[kind] = room;
    if (room[key] !== undefined) continue;
    room[key] = description.components[kind]?.[key];
    todo.push(...pointers(room[key]));
  }
  const object = { content: { 'application/json': { schema: { type: 'object' } } } };
  const graphql = {
    requestBody: { required: true, ...object },
    responses: { 200: { description: 'answer', ...object } },
  };
  return {
    ...{ openapi: description.openapi, info: description.info, components },
    paths: { ...paths, '/graphql': { post: graphql } },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface DescribedPosterApi extends AsyncDisposable {
  /** Its address. */
  readonly url: string;
  /** The server behind it. */
  readonly api: PosterApi;
}

/** The API behind a proxy that holds requests and answers to GitHub's own description; both end with this process. */
export async function describedPosterApi(world: PosterWorld): Promise<DescribedPosterApi> {
  const folder = process.env.AYCI_TEST_PRISM;
  if (folder === undefined) throw new Error('AYCI_TEST_PRISM is not set: node scripts/parts.mjs prism');
  const file = join(folder, 'node_modules/@octokit/openapi/generated/api.github.com.json');
  const description = JSON.parse(readFileSync(file, 'utf8')) as Description;
  const examples = description.components.examples as Readonly<Record<string, { readonly value: Json } | undefined>>;
  // GitHub's example of a team is not what its own schema asks for.
  const wholePull = { ...examples['pull-request']?.value, requested_teams: [] };
  const api = await posterApi({ ...world, wholePull });
  const scratch = await temporaryFolder();
  const path = join(scratch.path, 'github.json');
  await writeFile(path, JSON.stringify(cut(description)));
  const port = await freePort();
  const prism = join(folder, 'node_modules/@stoplight/prism-cli/dist/index.js');
  const args = [prism, 'proxy', '--errors', '-h', '127.0.0.1', '-p', String(port), path, api.url];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, ...args], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const proxy = `http://127.0.0.1:${port}`;
  const front = await recordingProxy(({ url }) => (UNDESCRIBED.test(url) ? api.url : proxy));
  const started: DescribedPosterApi = {
    ...{ url: front.endpoint, api },
    async [Symbol.asyncDispose]() {
      await front[Symbol.asyncDispose]();
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
    const up = await fetch(`${proxy}/`).then(
      (answer) => answer.arrayBuffer().then(() => true),
      () => false,
    );
    if (up) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  api.requests.length = 0;
  return started;
}
