import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MAX_PAYLOAD_BYTES, readBody } from './http.ts';

const PREFIX = '/2018-06-01/runtime';

/** One request as a runtime gets it; `deadline` in ms since 1970. */
export interface RuntimeInvocation {
  readonly requestId: string;
  readonly payload: Buffer;
  readonly deadline: number;
  readonly functionArn: string;
}

/** What a runtime says; a null body was longer than Lambda lets through. */
export interface RuntimeEvents {
  /** It asks for a request: initialised, or done with the last one. */
  onNext(): void;
  onResponse(requestId: string, body: Buffer | null): void;
  onError(requestId: string, body: Buffer | null): void;
  onInitError(body: Buffer): void;
}

function accept(response: ServerResponse): void {
  response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}');
}

function refuse(response: ServerResponse, status: number, errorType: string): void {
  response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(JSON.stringify({ errorType, errorMessage: errorType }));
}

/** Lambda's Runtime API for one sandbox, on a port of its own. */
export class RuntimeApi {
  readonly #server: Server;
  readonly #events: RuntimeEvents;
  #waiting: ServerResponse | null = null;
  #given: string | null = null;

  private constructor(server: Server, events: RuntimeEvents) {
    this.#server = server;
    this.#events = events;
  }

  static async listen(events: RuntimeEvents): Promise<RuntimeApi> {
    const server = createServer({ requestTimeout: 0, keepAliveTimeout: 0 });
    const api = new RuntimeApi(server, events);
    server.on('request', (request, response) => {
      api.#serve(request, response).catch(() => response.destroy());
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return api;
  }

  /** Without scheme, as AWS_LAMBDA_RUNTIME_API has it. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Answers the runtime's open question for a request. */
  dispatch(invocation: RuntimeInvocation): void {
    const response = this.#waiting;
    if (response === null) return;
    this.#waiting = null;
    this.#given = invocation.requestId;
    response.writeHead(200, {
      // Without a type the runtime's client dies of SIGSEGV.
      'content-type': 'application/json',
      'content-length': invocation.payload.length,
      'lambda-runtime-aws-request-id': invocation.requestId,
      'lambda-runtime-deadline-ms': String(invocation.deadline),
      'lambda-runtime-invoked-function-arn': invocation.functionArn,
      'lambda-runtime-trace-id': `Root=1-${invocation.requestId.slice(0, 8)}-${'0'.repeat(24)};Sampled=0`,
    });
    response.end(invocation.payload);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    if (request.method === 'GET' && path === `${PREFIX}/invocation/next`) {
      this.#waiting = response;
      this.#events.onNext();
      return;
    }
    const body = await readBody(request, MAX_PAYLOAD_BYTES);
    if (request.method === 'POST' && path === `${PREFIX}/init/error`) {
      this.#events.onInitError(body ?? Buffer.alloc(0));
      accept(response);
      return;
    }
    const match = /\/invocation\/([^/]+)\/(response|error)$/.exec(path);
    const requestId = match?.[1];
    if (request.method !== 'POST' || requestId === undefined) {
      refuse(response, 404, 'NoSuchResource');
    } else if (requestId !== this.#given) {
      refuse(response, 400, 'InvalidRequestID');
    } else {
      if (match?.[2] === 'error') this.#events.onError(requestId, body);
      else this.#events.onResponse(requestId, body);
      accept(response);
    }
  }
}
