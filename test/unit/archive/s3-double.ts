import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What goes wrong with one request; without one it goes as S3 would. */
export type Fault =
  | {
      readonly status: number;
      readonly code: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly xml?: string;
    }
  /** Breaks off after so many bytes of the answer. */
  | { readonly cut: number }
  /** The connection is reset: before the request is looked at, or after it was done. */
  | { readonly reset: 'before' | 'after'; readonly meanwhile?: () => void };

export interface Seen {
  readonly method: string;
  /** Decoded, with the bucket. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly received: number;
  /** Bytes of the answer's body; known when it was sent. */
  sent: number;
}

export interface DoubleOptions {
  /** Which form of a tag If-Match takes: AWS's, Ceph's. */
  readonly ifMatch?: 'quoted' | 'bare';
  /** Whether answers give the tag in quotes. */
  readonly quotes?: boolean;
  /** False: a server that does not know conditions. */
  readonly conditions?: boolean;
  /** How far its clock is ahead, ms; a request signed more than 15 minutes away from it is refused. */
  readonly clockAheadMs?: number;
  readonly fault?: (seen: Seen) => Fault | null;
}

interface Stored {
  readonly bytes: Buffer;
  readonly etag: string;
}

/** A small S3 on loopback, in memory: objects, conditional writes, multipart uploads; and whatever a test lets go wrong. */
export interface S3Double extends AsyncDisposable {
  readonly endpoint: string;
  readonly seen: Seen[];
  readonly objects: Map<string, Buffer>;
  put(path: string, bytes: Uint8Array): void;
  /** Uploads that were begun and neither completed nor aborted. */
  readonly uploads: ReadonlyMap<string, unknown>;
}

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

function xmlError(code: string, more = ''): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code} of the double</Message>${more}</Error>`;
}

export async function startS3Double(options: DoubleOptions = {}): Promise<S3Double> {
  const { ifMatch = 'quoted', quotes = true, conditions = true, clockAheadMs = 0, fault } = options;
  const seen: Seen[] = [];
  const objects = new Map<string, Buffer>();
  const uploads = new Map<string, { readonly path: string; readonly parts: Map<number, Buffer> }>();
  const tagOf = (bytes: Uint8Array): string => (quotes ? `"${md5(bytes)}"` : md5(bytes));
  const stored = (path: string): Stored | null => {
    const bytes = objects.get(path);
    return bytes === undefined ? null : { bytes, etag: md5(bytes) };
  };

  function refused(request: Seen): boolean {
    if (!conditions) return false;
    const there = stored(request.path);
    if (request.headers['if-none-match'] === '*') return there !== null;
    const wanted = request.headers['if-match'];
    if (wanted === undefined) return false;
    const tag = there === null ? null : ifMatch === 'quoted' ? `"${there.etag}"` : there.etag;
    return wanted !== tag;
  }

  /** Does what is asked; gives status, headers and body. */
  function act(
    request: Seen,
    body: Buffer,
  ): { status: number; headers?: Record<string, string>; body?: Buffer | string } {
    const { method, path, query } = request;
    if (method === 'POST' && query.has('uploads')) {
      const id = randomUUID();
      uploads.set(id, { path, parts: new Map() });
      return {
        status: 200,
        body: `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      };
    }
    const uploadId = query.get('uploadId');
    if (uploadId !== null) {
      const upload = uploads.get(uploadId);
      if (upload === undefined) return { status: 404, body: xmlError('NoSuchUpload') };
      if (method === 'DELETE') {
        uploads.delete(uploadId);
        return { status: 204 };
      }
      if (method === 'PUT') {
        upload.parts.set(Number(query.get('partNumber')), body);
        return { status: 200, headers: { etag: tagOf(body) } };
      }
      const parts = [...upload.parts].sort(([a], [b]) => a - b).map(([, part]) => part);
      objects.set(path, Buffer.concat(parts));
      uploads.delete(uploadId);
      return {
        status: 200,
        body: `<CompleteMultipartUploadResult><ETag>"x-${parts.length}"</ETag></CompleteMultipartUploadResult>`,
      };
    }
    if (method === 'PUT') {
      if (refused(request)) return { status: 412, body: xmlError('PreconditionFailed') };
      objects.set(path, body);
      return { status: 200, headers: { etag: tagOf(body) } };
    }
    const there = stored(path);
    if (there === null) return { status: 404, body: method === 'HEAD' ? '' : xmlError('NoSuchKey') };
    return {
      status: 200,
      headers: { etag: tagOf(there.bytes), 'content-length': String(there.bytes.length) },
      body: there.bytes,
    };
  }

  function skewed(request: Seen): boolean {
    const signed = request.headers['x-amz-date'];
    if (typeof signed !== 'string') return false;
    const at = signed.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
    return Math.abs(Date.parse(at) - Date.now() - clockAheadMs) > 15 * 60_000;
  }

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const url = new URL(incoming.url ?? '/', 'http://double');
    const request: Seen = {
      method: incoming.method ?? '',
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      headers: incoming.headers,
      received: body.length,
      sent: 0,
    };
    seen.push(request);
    const wrong = fault?.(request) ?? null;
    if (wrong !== null && 'reset' in wrong) {
      if (wrong.reset === 'after') act(request, body);
      wrong.meanwhile?.();
      outgoing.socket?.resetAndDestroy();
      return;
    }
    const date = { date: new Date(Date.now() + clockAheadMs).toUTCString() };
    const result =
      wrong !== null && 'status' in wrong
        ? {
            status: wrong.status,
            headers: { ...wrong.headers },
            body: request.method === 'HEAD' ? '' : xmlError(wrong.code, wrong.xml),
          }
        : skewed(request)
          ? { status: 403, headers: {}, body: xmlError('RequestTimeTooSkewed') }
          : act(request, body);
    const bytes = Buffer.from(result.body ?? '');
    outgoing.writeHead(result.status, { 'content-length': String(bytes.length), ...date, ...result.headers });
    if (request.method === 'HEAD') {
      outgoing.end();
    } else if (wrong !== null && 'cut' in wrong) {
      outgoing.write(bytes.subarray(0, wrong.cut), () => outgoing.socket?.destroy());
      request.sent = wrong.cut;
    } else {
      outgoing.end(bytes);
      request.sent = bytes.length;
    }
  }

  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    objects,
    uploads,
    put: (path, bytes) => void objects.set(path, Buffer.from(bytes)),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Faults for the first requests that `which` picks, one after the other; then none. */
export function inOrder(faults: readonly (Fault | null)[], which: (seen: Seen) => boolean = () => true) {
  let next = 0;
  return (seen: Seen): Fault | null => {
    if (!which(seen) || next >= faults.length) return null;
    next += 1;
    return faults[next - 1] ?? null;
  };
}
