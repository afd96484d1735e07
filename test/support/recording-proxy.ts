import { createServer, type IncomingMessage, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Recorded {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

export interface RecordingProxy extends AsyncDisposable {
  readonly endpoint: string;
  readonly requests: Recorded[];
}

/**
 * A server on loopback that hands every request on unchanged, its Host too, which signatures cover, and remembers it.
 * @param choose gives the endpoint that a request goes to
 */
export async function recordingProxy(choose: (request: Recorded) => string): Promise<RecordingProxy> {
  const requests: Recorded[] = [];
  const server = createServer({ requestTimeout: 0 }, (incoming, response) => {
    const recorded = { method: incoming.method ?? '', url: incoming.url ?? '', headers: incoming.headers };
    requests.push(recorded);
    const { hostname, port } = new URL(choose(recorded));
    const onward = send(
      { hostname, port, method: recorded.method, path: recorded.url, headers: incoming.headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
