import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as v from 'valibot';
import { artifactMethods } from './actions-results/artifacts.ts';
import { cacheMethods } from './actions-results/caches.ts';
import { Refusal } from './actions-results/refusal.ts';
import { type Caller, callerOf, tokenFor } from './actions-results/token.ts';
import type { Azurite } from './azurite.ts';

export type { Artifact } from './actions-results/artifacts.ts';
export type { CacheEntry } from './actions-results/caches.ts';

/** One call of the protocol: what came in, who called, what is answered. */
export type Method = (request: unknown, caller: Caller) => unknown;

/** GitHub's service of artifacts and caches on 127.0.0.1: twirp over HTTP, contents in Azurite. */
export interface ActionsResults extends AsyncDisposable {
  readonly url: string;
  readonly artifacts: ReturnType<typeof artifactMethods>['kept'];
  readonly caches: ReturnType<typeof cacheMethods>['kept'];
  /** Names of the methods that were called, in order. */
  readonly called: readonly string[];
  /** What a job's environment holds of it. `scopes`: the caches it sees, its own first. */
  env(job: { readonly run?: string; readonly scopes?: readonly string[]; readonly readOnly?: boolean }): {
    readonly ACTIONS_RESULTS_URL: string;
    readonly ACTIONS_RUNTIME_TOKEN: string;
    readonly ACTIONS_CACHE_SERVICE_V2: string;
  };
  /** Answers every call with this status from now on; null: as it should. */
  fail(status: number | null, message?: string): void;
  /** Hands out addresses from now on that the storage refuses. */
  forge(): void;
  /** Called once, before a method is next answered: what happens meanwhile elsewhere. */
  before(method: string, hook: (() => Promise<void>) | null): void;
}

function withForgedSignature(answered: unknown): unknown {
  return JSON.parse(JSON.stringify(answered).replaceAll(/sig=[^&"]*/g, 'sig=Zm9yZ2Vk'));
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString());
}

/** Starts one; nothing is kept in it yet. */
export async function startActionsResults(azurite: Azurite): Promise<ActionsResults> {
  const artifacts = artifactMethods(azurite);
  const caches = cacheMethods(azurite);
  const methods = new Map<string, Method>([...artifacts.methods, ...caches.methods]);
  const hooks = new Map<string, () => Promise<void>>();
  const called: string[] = [];
  let failing: { readonly status: number; readonly message: string } | null = null;
  let forging = false;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const body = await bodyOf(request);
    const name = /^\/twirp\/github\.actions\.results\.api\.v1\.(\w+\/\w+)$/.exec(request.url ?? '')?.[1] ?? '';
    called.push(name);
    const method = methods.get(name);
    if (method === undefined) return reply(404, { code: 'bad_route', msg: `no method ${name}` });
    const hook = hooks.get(name);
    hooks.delete(name);
    await hook?.();
    if (failing !== null) return reply(failing.status, { code: 'unavailable', msg: failing.message });
    try {
      const answered = method(body, callerOf(request.headers.authorization));
      reply(200, forging ? withForgedSignature(answered) : answered);
    } catch (thrown) {
      if (thrown instanceof Refusal) return reply(thrown.status, { code: thrown.code, msg: thrown.message });
      if (thrown instanceof v.ValiError) return reply(400, { code: 'malformed', msg: thrown.message });
      throw thrown;
    }
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: Error) => response.writeHead(500).end(error.message));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...{ url, called, artifacts: artifacts.kept, caches: caches.kept },
    env: ({ run = randomUUID(), scopes = ['refs/heads/main'], readOnly = false }) => ({
      ACTIONS_RESULTS_URL: `${url}/`,
      ACTIONS_RUNTIME_TOKEN: tokenFor({ run, job: randomUUID(), scopes, readOnly }),
      ACTIONS_CACHE_SERVICE_V2: 'True',
    }),
    fail: (status, message = 'not now') => {
      failing = status === null ? null : { status, message };
    },
    forge: () => {
      forging = true;
    },
    before: (method, hook) => {
      if (hook === null) hooks.delete(method);
      else hooks.set(method, hook);
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
