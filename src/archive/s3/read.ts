import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredObject } from '../../ports.ts';
import { LARGEST_FILE, LARGEST_OBJECT, TooLargeError } from '../limits.ts';
import type { S3 } from './client.ts';

/** Downloads of one object: the SDK sends a failed request again, not one whose answer breaks off. */
const TRIES = 3;

/** `"x"`, `W/"x"` and `x` are the same tag. */
export function bareTag(etag: string): string {
  return etag.replace(/^W\//, '').replace(/^"(.*)"$/, '$1');
}

interface Body {
  readonly stream: Readable;
  readonly etag: string;
  readonly size: number | null;
}

async function open(s3: S3, bucket: string, key: string): Promise<Body> {
  const got = await s3.client.send(new s3.sdk.GetObjectCommand({ Bucket: bucket, Key: key }));
  if (!(got.Body instanceof Readable)) throw new Error('the answer has no body');
  return { stream: got.Body, etag: bareTag(got.ETag ?? ''), size: got.ContentLength ?? null };
}

class Cut extends Error {}

/** Tries `receive` again where the answer broke off; what it throws of its own is final. */
async function receiving<T>(
  s3: S3,
  bucket: string,
  key: string,
  limit: number,
  name: string,
  receive: (body: Body, bounded: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    const body = await open(s3, bucket, key);
    try {
      return await receive(body, bounded(body, key, limit, name));
    } catch (thrown) {
      if (!(thrown instanceof Cut) || tries === TRIES) throw thrown instanceof Cut ? thrown.cause : thrown;
    } finally {
      body.stream.destroy();
    }
    await sleep(100 * tries * Math.random());
  }
}

/** A body's bytes, never more than `limit`; ends with `Cut` where it ends too early. */
async function* bounded(body: Body, key: string, limit: number, name: string): AsyncGenerator<Uint8Array> {
  if (body.size !== null && body.size > limit) throw new TooLargeError(name, key, body.size, limit);
  let received = 0;
  const chunks = body.stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  for (;;) {
    const next = await chunks.next().catch((cause: unknown) => {
      throw new Cut('cut', { cause });
    });
    if (next.done === true) break;
    received += next.value.length;
    if (received > limit) throw new TooLargeError(name, key, received, limit);
    yield next.value;
  }
  if (body.size !== null && received !== body.size) {
    throw new Cut('cut', { cause: new Error(`the answer ended after ${received} of ${body.size} bytes`) });
  }
}

/** An object whole, with its tag. @throws TooLargeError where it is larger than any that is written */
export async function readObject(s3: S3, bucket: string, key: string, name: string): Promise<StoredObject> {
  return receiving(s3, bucket, key, LARGEST_OBJECT, name, async (body, bytes) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of bytes) chunks.push(chunk);
    return { bytes: Buffer.concat(chunks), etag: body.etag };
  });
}

/** An object to a file, which is there whole or not at all. */
export async function downloadObject(s3: S3, bucket: string, key: string, name: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const temporary = `${target}.${randomUUID()}.tmp`;
  try {
    await receiving(s3, bucket, key, LARGEST_FILE, name, (_body, bytes) =>
      pipeline(bytes, createWriteStream(temporary)),
    );
    await rename(temporary, target);
  } finally {
    await rm(temporary, { force: true });
  }
}
