import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { GIT_ENV, git } from './git-repo.ts';

export interface GitServer extends AsyncDisposable {
  readonly url: string;
  /** `http://127.0.0.1:1234`: what GITHUB_SERVER_URL would be. */
  readonly server: string;
  /** Authorization headers of its requests, in order; null: none. */
  readonly authorizations: (string | null)[];
}

/** A git server over HTTP, git's own backend behind it, that answers only whom has this Authorization header. */
export async function gitServer(repository: string, authorization: string): Promise<GitServer> {
  const authorizations: (string | null)[] = [];
  const backend = `${git(dirname(repository), ['--exec-path'])}/git-http-backend`;
  const server = createServer((request, response) => {
    const given = request.headersDistinct.authorization ?? [];
    authorizations.push(given[0] ?? null);
    if (given.length !== 1 || given[0] !== authorization) {
      response.writeHead(given.length > 1 ? 400 : 401, { 'www-authenticate': 'Basic realm="git"' }).end();
      return;
    }
    const { pathname, search } = new URL(request.url ?? '/', 'http://x');
    const child = spawn(backend, {
      env: {
        ...GIT_ENV,
        GIT_PROJECT_ROOT: dirname(repository),
        GIT_HTTP_EXPORT_ALL: '1',
        REMOTE_USER: 'x',
        REQUEST_METHOD: request.method,
        PATH_INFO: pathname,
        QUERY_STRING: search.slice(1),
        CONTENT_TYPE: request.headers['content-type'],
        HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
        GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    request.pipe(child.stdin);
    child.stdin.on('error', () => undefined);
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('close', () => {
      const all = Buffer.concat(chunks);
      const end = all.indexOf('\r\n\r\n');
      const lines = all.subarray(0, end).toString('latin1').split('\r\n');
      const headers = lines.map((line) => line.split(/: (.*)/s, 2) as [string, string]);
      const status = Number(headers.find(([name]) => name === 'Status')?.[1]?.slice(0, 3) ?? 200);
      response.writeHead(status, Object.fromEntries(headers.filter(([name]) => name !== 'Status')));
      response.end(all.subarray(end + 4));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `${address}/${repository.split('/').at(-1)}`,
    server: address,
    authorizations,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
