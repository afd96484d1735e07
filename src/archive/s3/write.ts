import { setTimeout as sleep } from 'node:timers/promises';
import type { S3 } from './client.ts';
import { facts, isAbsent } from './errors.ts';
import { bareTag, readObject } from './read.ts';

/** S3 answers 409 where two conditional writes of one object meet: neither tells who won. */
const CONFLICT_TRIES = 6;
const CONFLICT_WAIT_MS = 50;

export type Condition = { readonly IfNoneMatch: '*' } | { readonly IfMatch: string };

/** `unsure`: refused, but an earlier sending of the same request may have gone through. */
export type Outcome = 'written' | 'refused' | 'unsure';

/** Writes an object if the condition holds. */
export async function putIf(
  s3: S3,
  bucket: string,
  key: string,
  bytes: Uint8Array,
  condition: Condition,
): Promise<Outcome> {
  const input = { Bucket: bucket, Key: key, Body: bytes, ContentType: 'application/octet-stream', ...condition };
  for (let tries = 1; ; tries += 1) {
    try {
      await s3.client.send(new s3.sdk.PutObjectCommand(input));
      return 'written';
    } catch (thrown) {
      const { status, attempts } = facts(thrown);
      const isRefused = status === 412 || ('IfMatch' in condition && isAbsent(thrown));
      if (isRefused) return attempts > 1 || tries > 1 ? 'unsure' : 'refused';
      if (status !== 409) throw thrown;
      if (tries === CONFLICT_TRIES) return 'unsure';
    }
    await sleep(CONFLICT_WAIT_MS * 2 ** tries * Math.random());
  }
}

/**
 * Compare-and-swap.
 * @param etag the tag that the object must still have; null: there must be none
 */
export async function swap(
  s3: S3,
  bucket: string,
  key: string,
  bytes: Uint8Array,
  etag: string | null,
  name: string,
): Promise<boolean> {
  for (const condition of conditions(s3, etag)) {
    const outcome = await putIf(s3, bucket, key, bytes, condition);
    if (outcome === 'written') return true;
    if (outcome === 'unsure' && (await holds(s3, bucket, key, bytes, name))) return true;
  }
  return false;
}

/** AWS compares the tag as it gave it, quoted; Ceph the bare one and never matches a quoted one: others either. */
function conditions(s3: S3, etag: string | null): readonly Condition[] {
  if (etag === null) return [{ IfNoneMatch: '*' }];
  const bare = bareTag(etag);
  const quoted = { IfMatch: `"${bare}"` };
  return s3.isAws ? [quoted] : [{ IfMatch: bare }, quoted];
}

async function holds(s3: S3, bucket: string, key: string, bytes: Uint8Array, name: string): Promise<boolean> {
  try {
    return Buffer.from(bytes).equals((await readObject(s3, bucket, key, name)).bytes);
  } catch (thrown) {
    if (isAbsent(thrown)) return false;
    throw thrown;
  }
}
