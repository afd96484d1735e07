import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const PREFIX = '/2018-06-01/runtime';

/** One request as the runtime sees it. */
export interface RuntimeInvocation {
  readonly requestId: string;
  readonly payload: Buffer;
  readonly deadline: number;
  readonly arn: string;
}

/** What the runtime made of it: `error` bodies are `{"errorType", "errorMessage", …}`. */
export interface RuntimeAnswer {
  readonly kind: 'response' | 'error';
  readonly body: Buffer;
}

/** The Runtime API of one sandbox. */
export interface RuntimeApi {
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** Resolves when the runtime asks for its first request: INIT is over. */
  readonly ready: Promise<void>;
  /** Why INIT failed, in the runtime's own words; null until it says so. */
  initError(): Buffer | null;
  /**
   * Hands a request over. Resolves when the runtime asks for the next one, not when it answers: by then it has
   * written its last log line.
   */
  dispatch(invocation: RuntimeInvocation): Promise<RuntimeAnswer>;
  /** The answer so far, for a runtime that ends without asking for more. */
  takeAnswer(): RuntimeAnswer | null;
  close(): void;
}

async function body(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function reply(response: ServerResponse, status: number, content: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content));
}

/** Starts the Runtime API of one sandbox on a port of its own. */
export async function startRuntimeApi(): Promise<RuntimeApi> {
  const first = Promise.withResolvers<void>();
  let waiting: ServerResponse | null = null;
  let current: { invocation: RuntimeInvocation; done: (answer: RuntimeAnswer) => void } | null = null;
  let handedOver = false;
  let answer: RuntimeAnswer | null = null;
  let initFailure: Buffer | null = null;

  function handOver(): void {
    if (waiting === null || current === null || handedOver) return;
    const { invocation } = current;
    handedOver = true;
    const headers = {
      // The native client crashes on an answer without a type.
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': invocation.requestId,
      'lambda-runtime-deadline-ms': String(invocation.deadline),
      'lambda-runtime-invoked-function-arn': invocation.arn,
      'lambda-runtime-trace-id': `Root=1-${invocation.requestId.slice(0, 8)}-${'0'.repeat(24)};Sampled=0`,
    };
    waiting.writeHead(200, headers).end(invocation.payload);
    waiting = null;
  }

  function next(response: ServerResponse): void {
    waiting = response;
    first.resolve();
    if (current !== null && handedOver) {
      const { done } = current;
      const given = answer ?? {
        kind: 'error',
        body: Buffer.from(
          '{"errorType":"Runtime.NoResponse","errorMessage":"The runtime asked for the next request without an answer"}',
        ),
      };
      current = null;
      handedOver = false;
      answer = null;
      done(given);
    }
    handOver();
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    if (request.method === 'GET' && path === `${PREFIX}/invocation/next`) return next(response);
    const content = await body(request);
    if (request.method === 'POST' && path === `${PREFIX}/init/error`) {
      initFailure = content;
      return reply(response, 202, { status: 'OK' });
    }
    const match = /\/invocation\/([^/]+)\/(response|error)$/.exec(path);
    if (request.method !== 'POST' || match === null) return reply(response, 404, { errorMessage: 'no such resource' });
    if (current === null || !handedOver || match[1] !== current.invocation.requestId) {
      return reply(response, 400, { errorMessage: 'Invalid request ID', errorType: 'InvalidRequestID' });
    }
    answer = { kind: match[2] === 'error' ? 'error' : 'response', body: content };
    reply(response, 202, { status: 'OK' });
  }

  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 0 }, (request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    ready: first.promise,
    initError: () => initFailure,
    dispatch: (invocation) =>
      new Promise((done) => {
        current = { invocation, done };
        handOver();
      }),
    takeAnswer: () => answer,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
