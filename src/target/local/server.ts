import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FunctionSpec } from './function.ts';
import { MAX_EVENT_BYTES, MAX_PAYLOAD_BYTES, readBody } from './http.ts';
import type { Pool } from './pool.ts';

const INVOKE = /^\/2015-03-31\/functions\/([^/?]+)\/invocations(?:\?.*)?$/;
const RETRY_AFTER_SECONDS = 1;

function refuse(response: ServerResponse, status: number, type: string, body: object, headers: object = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': type, ...headers });
  response.end(JSON.stringify(body));
}

/** The function's own name, out of a name, a partial ARN or an ARN, each with or without a qualifier. */
export function functionName(given: string): string {
  const arn = /^arn:[^:]+:lambda:[^:]*:[^:]*:function:(.+)$/.exec(given) ?? /^\d+:function:(.+)$/.exec(given);
  return (arn?.[1] ?? given).split(':')[0] ?? given;
}

/** The Invoke API on 127.0.0.1, as AWS Lambda serves it. */
export class InvokeServer {
  readonly #server: Server;
  readonly #pool: Pool;
  readonly #find: (name: string) => FunctionSpec | null;

  private constructor(server: Server, pool: Pool, find: (name: string) => FunctionSpec | null) {
    this.#server = server;
    this.#pool = pool;
    this.#find = find;
  }

  static async listen(pool: Pool, find: (name: string) => FunctionSpec | null): Promise<InvokeServer> {
    const server = createServer({ requestTimeout: 0 });
    const api = new InvokeServer(server, pool, find);
    server.on('request', (request, response) => {
      api.#serve(request, response).catch((error: Error) => {
        if (response.headersSent || response.destroyed) response.destroy();
        else refuse(response, 500, 'ServiceException', { Type: 'Service', Message: error.message });
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return api;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.on('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    const event = request.headers['x-amz-invocation-type'] === 'Event';
    const limit = event ? MAX_EVENT_BYTES : MAX_PAYLOAD_BYTES;
    const payload = await readBody(request, limit);
    const match = request.method === 'POST' ? INVOKE.exec(request.url ?? '') : null;
    if (match === null) {
      refuse(response, 404, 'UnknownOperationException', { Message: `${request.method} ${request.url}` });
      return;
    }
    if (payload === null) {
      const Message = `Request must be smaller than ${limit} bytes for the InvokeFunction operation`;
      refuse(response, 413, 'RequestTooLargeException', { Type: 'User', Message });
      return;
    }
    const name = functionName(decodeURIComponent(match[1] ?? ''));
    const spec = this.#find(name);
    if (spec === null) {
      refuse(response, 404, 'ResourceNotFoundException', { Type: 'User', Message: `Function not found: ${name}` });
      return;
    }
    if (event) this.#accept(spec, payload, response);
    else await this.#invoke(spec, payload, request, response, gone.signal);
  }

  /** An event is answered before it runs; nobody hears how it ends. */
  #accept(spec: FunctionSpec, payload: Buffer, response: ServerResponse): void {
    const requestId = this.#pool.submit(spec, payload);
    response.writeHead(202, { 'content-length': 0, 'x-amzn-requestid': requestId });
    response.end();
  }

  async #invoke(
    spec: FunctionSpec,
    payload: Buffer,
    request: IncomingMessage,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    const answer = await this.#pool.invoke(spec, payload, signal);
    if (answer.kind === 'aborted') {
      response.destroy();
      return;
    }
    if (answer.kind === 'throttled') {
      const body = { Type: 'User', Reason: 'ConcurrentInvocationLimitExceeded', message: 'Rate Exceeded.' };
      refuse(response, 429, 'TooManyRequestsException', body, { 'retry-after': String(RETRY_AFTER_SECONDS) });
      return;
    }
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': answer.payload.length,
      'x-amzn-requestid': answer.requestId,
      'x-amz-executed-version': '$LATEST',
      ...(answer.functionError ? { 'x-amz-function-error': 'Unhandled' } : {}),
      ...(request.headers['x-amz-log-type'] === 'Tail' ? { 'x-amz-log-result': answer.log.toString('base64') } : {}),
    });
    response.end(answer.payload);
  }
}
