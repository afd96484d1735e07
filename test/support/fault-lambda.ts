import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type {
  ConvertRequest,
  MeasureRequest,
  RuntimeRequest,
  RuntimeResponse,
  Sandbox,
} from '../../src/types/protocol.ts';
import { ControlPlane, type Described } from './control-plane.ts';
import { convertTo } from './converter-double.ts';
import { DEADLY, ERRORS, type Fault, FUNCTION_ERRORS, reportOf } from './lambda-faults.ts';
import { measured } from './scripted-lambda.ts';

/** One Invoke as the service saw it. */
export interface Call {
  readonly index: number;
  readonly functionName: string;
  readonly event: boolean;
  /** Null where the connection was broken before the request was read. */
  readonly nonce: string | null;
  readonly fault: Fault | null;
  /** Whether the function ran. */
  ran: boolean;
  /** Whether a whole answer of the function's own went out. */
  answered: boolean;
  sandbox: string | null;
  /** How long the function ran. */
  tookMs: number;
}

export interface FaultLambdaOptions {
  readonly functions: readonly Described[];
  /** Requests that may run at once; more are throttled. */
  readonly cap?: number;
  /** What befalls the n-th Invoke. */
  readonly fault?: (index: number, functionName: string) => Fault | null;
  /** How long a function runs, ms. */
  readonly serviceMs?: number;
  /** What a function answers. */
  readonly respond?: (request: RuntimeRequest, sandbox: Sandbox) => RuntimeResponse;
  /** What of the time that an excluded sandbox is asked to stay busy it does; 1 unless given. */
  readonly holdShare?: number;
  /** Of the server; any free one unless given. */
  readonly port?: number;
  /** How far the service's clock is ahead of this machine's, ms. */
  readonly aheadMs?: number;
}

interface Room extends Sandbox {
  requests: number;
  busy: boolean;
  retired: boolean;
}

/** Beyond this the service refuses a signature for its date. */
const SKEW_MS = 5 * 60_000;

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Lambda's HTTP on loopback, with sandboxes, a cap of concurrency, and faults where the test wants them. */
export class FaultLambda implements AsyncDisposable {
  readonly control: ControlPlane;
  readonly calls: Call[] = [];
  /** Most requests that ran at once. */
  highest = 0;
  readonly #options: FaultLambdaOptions;
  readonly #server = createServer({ requestTimeout: 0, keepAlive: true });
  readonly #rooms = new Map<string, Room[]>();
  readonly #silent = new Set<ServerResponse>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #running = 0;
  #lastNonce = randomUUID() as string;

  private constructor(options: FaultLambdaOptions) {
    this.#options = options;
    this.control = new ControlPlane(options.functions);
  }

  static async start(options: FaultLambdaOptions): Promise<FaultLambda> {
    const lambda = new FaultLambda(options);
    lambda.#server.on('request', (request, response) => {
      lambda.#serve(request, response).catch(() => response.destroy());
    });
    await new Promise<void>((resolve) => lambda.#server.listen(options.port ?? 0, '127.0.0.1', resolve));
    return lambda;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://lambda');
    const { aheadMs = 0 } = this.#options;
    response.setHeader('date', new Date(Date.now() + aheadMs).toUTCString());
    response.setHeader('x-amzn-requestid', randomUUID());
    if (aheadMs !== 0 && this.#skewed(String(request.headers['x-amz-date'] ?? ''))) {
      await bodyOf(request);
      this.#error(response, 403, 'InvalidSignatureException', {
        message: 'Signature expired: it is not within 5 min.',
      });
      return;
    }
    const answer = this.control.answer(request.method ?? '', url.pathname, url.searchParams);
    if (answer !== null) {
      if (answer.error === undefined) this.#send(response, answer.status, JSON.stringify(answer.body));
      else this.#error(response, answer.status, answer.error, answer.body as object);
      return;
    }
    const name = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(url.pathname)?.[1];
    if (name === undefined) this.#error(response, 404, 'UnknownOperationException', {});
    else await this.#invoke(decodeURIComponent(name), request, response);
  }

  #skewed(written: string): boolean {
    const [, day = '', time = ''] = /^(\d{8})T(\d{6})Z$/.exec(written) ?? [];
    const date = `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4)}Z`;
    return !(Math.abs(Date.now() + (this.#options.aheadMs ?? 0) - Date.parse(date)) <= SKEW_MS);
  }

  #send(response: ServerResponse, status: number, body: string, headers: object = {}): void {
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...headers,
    });
    response.end(body);
  }

  #error(response: ServerResponse, status: number, name: string, body: object, headers: object = {}): void {
    this.#send(response, status, JSON.stringify(body), { 'x-amzn-errortype': name, ...headers });
  }

  async #invoke(functionName: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const index = this.calls.length;
    const fault = this.#options.fault?.(index, functionName) ?? null;
    const event = request.headers['x-amz-invocation-type'] === 'Event';
    const call: Call = {
      index,
      functionName,
      event,
      nonce: null,
      fault,
      ran: false,
      answered: false,
      sandbox: null,
      tookMs: 0,
    };
    this.calls.push(call);
    if (fault === 'reset-before-read') {
      request.socket.resetAndDestroy();
      return;
    }
    const text = await bodyOf(request);
    const asked = JSON.parse(text) as RuntimeRequest;
    Object.assign(call, { nonce: asked.nonce });
    const refused = fault === null ? undefined : ERRORS[fault];
    if (refused !== undefined) {
      const [status, error, body] = refused;
      const headers = fault === 'throttle-retry-after' ? { 'retry-after': '1' } : {};
      this.#error(response, status, error, body, headers);
      return;
    }
    if (fault === 'proxy-502') {
      this.#send(response, 502, '<html><body>Bad Gateway</body></html>', { 'content-type': 'text/html' });
      return;
    }
    if (!this.control.functions.has(functionName)) {
      this.#error(response, 404, 'ResourceNotFoundException', { Message: `Function not found: ${functionName}` });
      return;
    }
    if (event) {
      call.ran = true;
      this.#send(response, 202, '');
      await convertTo(asked as ConvertRequest);
      return;
    }
    if (this.#running >= (this.#options.cap ?? 1000)) {
      const body = { Reason: 'ConcurrentInvocationLimitExceeded', message: 'Rate Exceeded.' };
      this.#error(response, 429, 'TooManyRequestsException', body);
      return;
    }
    await this.#run(call, asked, response);
  }

  async #run(call: Call, asked: RuntimeRequest, response: ServerResponse): Promise<void> {
    const { fault } = call;
    const room = this.#roomFor(call.functionName);
    room.requests += 1;
    Object.assign(call, { ran: true, sandbox: room.id });
    this.#running += 1;
    this.highest = Math.max(this.highest, this.#running);
    const { requests } = room;
    const begin = performance.now();
    const sandbox: Sandbox = { id: room.id, requests, cold: requests === 1, retired: false };
    const excluded = asked.op === 'measure' && this.#excludes(asked, sandbox);
    const { holdShare = 1, serviceMs = 0 } = this.#options;
    await this.#sleep(excluded ? (asked.holdMs ?? 0) * holdShare : serviceMs);
    call.tookMs = performance.now() - begin;
    this.#running -= 1;
    room.busy = false;
    if (DEADLY.includes(fault) || (asked.op === 'measure' && asked.retire && !excluded)) room.retired = true;
    if (fault === 'silence') {
      this.#silent.add(response);
      return;
    }
    if (fault === 'reset-after-run') {
      response.socket?.resetAndDestroy();
      return;
    }
    this.#answer(call, asked, { ...sandbox, retired: room.retired }, excluded, response);
  }

  #excludes(asked: MeasureRequest, sandbox: Sandbox): boolean {
    return (asked.notIn ?? []).includes(sandbox.id) || (asked.fresh === true && sandbox.requests > 1);
  }

  #answer(call: Call, asked: RuntimeRequest, sandbox: Sandbox, excluded: boolean, response: ServerResponse): void {
    const { fault } = call;
    const requestId = randomUUID();
    const failed = fault === null ? undefined : FUNCTION_ERRORS[fault];
    const respond =
      this.#options.respond ?? ((one, room) => ({ ...measured(one as MeasureRequest, 1), sandbox: room }));
    const nonce = fault === 'other-nonce' ? this.#lastNonce : asked.nonce;
    const answer =
      failed !== undefined
        ? { errorType: failed[0], errorMessage: failed[1].replace('ID', requestId) }
        : excluded
          ? { protocol: 1, op: 'excluded', nonce, sandbox }
          : { ...respond(asked, sandbox), nonce };
    this.#lastNonce = asked.nonce;
    const body = fault === 'not-json' ? 'Internal server error' : JSON.stringify(answer);
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'x-amzn-requestid': requestId,
      'x-amz-log-result': Buffer.from(reportOf(requestId, sandbox.cold, fault)).toString('base64'),
      ...(failed === undefined ? {} : { 'x-amz-function-error': 'Unhandled' }),
    };
    response.writeHead(200, headers);
    if (fault === 'cut') {
      response.write(body.slice(0, body.length >> 1), () => response.socket?.destroy());
      return;
    }
    response.end(body);
    call.answered = fault !== 'not-json' && fault !== 'other-nonce' && failed === undefined;
  }

  #roomFor(functionName: string): Room {
    const rooms = this.#rooms.get(functionName) ?? [];
    this.#rooms.set(functionName, rooms);
    let room = rooms.find((one) => !one.busy && !one.retired);
    if (room === undefined) {
      room = { id: randomUUID(), requests: 0, cold: true, retired: false, busy: true };
      rooms.push(room);
    }
    room.busy = true;
    return room;
  }

  #sleep(ms: number): Promise<void> {
    if (ms === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        resolve();
      }, ms);
      this.#timers.add(timer);
    });
  }
}
