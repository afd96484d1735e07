import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Recorded, type RecordingProxy, recordingProxy } from './recording-proxy.ts';

async function accountSettings(concurrency: number) {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ AccountLimit: { UnreservedConcurrentExecutions: concurrency } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** Lambda in one: invocations by the embedded Lambda, the control plane by moto, which has no account settings. */
export async function lambdaFront(parts: {
  readonly invoke: string;
  readonly control: string;
  readonly concurrency: number;
}): Promise<RecordingProxy> {
  const account = await accountSettings(parts.concurrency);
  const front = await recordingProxy(({ url }) => {
    if (/\/invocations(\?|$)/.test(url)) return parts.invoke;
    return url.includes('/account-settings') ? account.endpoint : parts.control;
  });
  return {
    ...front,
    async [Symbol.asyncDispose]() {
      await front[Symbol.asyncDispose]();
      await account.close();
    },
  };
}

/** The IAM action that a request to Lambda takes. */
export function lambdaAction({ method, url }: Recorded): string {
  const path = url.split('?')[0] ?? '';
  if (path.endsWith('/invocations')) return 'lambda:InvokeFunction';
  if (path.includes('/account-settings')) return 'lambda:GetAccountSettings';
  if (method === 'GET' && /\/functions\/?$/.test(path)) return 'lambda:ListFunctions';
  if (method === 'GET' && /\/functions\/[^/]+$/.test(path)) return 'lambda:GetFunction';
  return `lambda: ${method} ${path}`;
}

/** The IAM action that a request to S3 takes. */
export function s3Action({ method, url }: Recorded): string {
  const query = new URL(url, 'http://s3').searchParams;
  if (method === 'GET' && query.has('list-type')) return 's3:ListBucket';
  if (method === 'GET' || method === 'HEAD') return 's3:GetObject';
  if (method === 'DELETE' && query.has('uploadId')) return 's3:AbortMultipartUpload';
  if (method === 'PUT' || (method === 'POST' && (query.has('uploads') || query.has('uploadId')))) return 's3:PutObject';
  return `s3: ${method} ${url.split('?')[0]}`;
}
