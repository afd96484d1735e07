import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder } from './folder.ts';

type Json = Readonly<Record<string, unknown>>;

interface Description {
  readonly openapi: string;
  readonly info: unknown;
  readonly paths: Json;
  readonly components: Readonly<Record<string, Json>>;
}

/** Where Prism and GitHub's descriptions are installed. */
export function prismFolder(): string {
  const folder = process.env.AYCI_TEST_PRISM;
  if (folder === undefined) throw new Error('AYCI_TEST_PRISM is not set: node scripts/parts.mjs prism');
  return folder;
}

function describedGithub(): Description {
  const file = join(prismFolder(), 'node_modules/@octokit/openapi/generated/api.github.com.json');
  return JSON.parse(readFileSync(file, 'utf8')) as Description;
}

/** A pull request as GitHub's description has it for an example. */
export function examplePull(): Json {
  const examples = describedGithub().components.examples as Readonly<
    Record<string, { readonly value: Json } | undefined>
  >;
  // GitHub's example of a team is not what its own schema asks for.
  return { ...examples['pull-request']?.value, requested_teams: [] };
}

/** Names of the components that a part of the description points to. */
function pointers(part: unknown): readonly string[] {
  return [...JSON.stringify(part).matchAll(/"\$ref":"#\/components\/([^"]+)"/g)].map(([, name = '']) => name);
}

/** GitHub's description, cut to some paths and what they point to: the whole of it takes Prism 11 s to read. */
function cut(description: Description, wanted: readonly string[]): Json {
  const paths = Object.fromEntries(wanted.map((path) => [path, description.paths[path]]));
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
  // REST's description does not know GraphQL: its own schema is checked behind the proxy.
  const object = { content: { 'application/json': { schema: { type: 'object' } } } };
  const graphql = {
    requestBody: {
      required: true,
      content: { 'application/json': { schema: { type: 'object', required: ['query'] } } },
    },
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

export interface Prism extends AsyncDisposable {
  readonly url: string;
}

/** A proxy on 127.0.0.1 that holds requests and answers to GitHub's own description; it ends with this process. */
export async function startPrism(paths: readonly string[], upstream: string): Promise<Prism> {
  const scratch = await temporaryFolder();
  const path = join(scratch.path, 'github.json');
  await writeFile(path, JSON.stringify(cut(describedGithub(), paths)));
  const port = await freePort();
  const prism = join(prismFolder(), 'node_modules/@stoplight/prism-cli/dist/index.js');
  const args = [prism, 'proxy', '--errors', '-h', '127.0.0.1', '-p', String(port), path, upstream];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, ...args], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const started: Prism = {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
      await scratch[Symbol.asyncDispose]();
    },
  };
  for (;;) {
    if (child.exitCode !== null) {
      await started[Symbol.asyncDispose]();
      throw new Error(`prism ended with ${child.exitCode}`);
    }
    const up = await fetch(`${started.url}/`).then(
      (answer) => answer.arrayBuffer().then(() => true),
      () => false,
    );
    if (up) return started;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
