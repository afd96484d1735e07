import { AyciError } from '../../errors.ts';
import { isSegment } from '../keys.ts';

/** Where an archive is in S3. */
export interface S3Location {
  readonly bucket: string;
  /** Without slashes at its ends. */
  readonly prefix: string;
}

export const DEFAULT_PREFIX = 'ayci';
/** Keys end at 1,024 bytes, and the layout needs the rest. */
const LONGEST_PREFIX = 200;

const BUCKET = /^(?=.{3,63}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const RESERVED = /^(?:xn--|sthree-|amzn-s3-demo-)|(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/;
const ADDRESS = /^\d+\.\d+\.\d+\.\d+$/;

/** Whether an archive is written as one in S3: what `parseS3Url` reads. */
export function isS3Url(written: string): boolean {
  return /^s3:/i.test(written);
}

/**
 * Reads `s3://bucket` or `s3://bucket/prefix`.
 * @param place how messages name where it came from: `--archive`
 * @throws AyciError `bad-input`
 */
export function parseS3Url(written: string, place: string): S3Location {
  const wrong = (what: string, expected: string): AyciError =>
    new AyciError('bad-input', `${place}: ${what}, got ${JSON.stringify(written.slice(0, 300))}; expected ${expected}`);
  if (!written.startsWith('s3://')) throw wrong('is not an S3 URL', 's3://bucket/prefix');
  const rest = written.slice('s3://'.length);
  const slash = rest.indexOf('/');
  const bucket = slash === -1 ? rest : rest.slice(0, slash);
  if (!BUCKET.test(bucket) || ADDRESS.test(bucket) || RESERVED.test(bucket)) {
    throw wrong(
      'is not in a bucket',
      'a bucket name: 3 to 63 lower-case letters, digits, hyphens and single dots, no IP address, no reserved name',
    );
  }
  if (slash === -1) return { bucket, prefix: DEFAULT_PREFIX };
  const prefix = rest.slice(slash + 1);
  if (!prefix.split('/').every(isSegment) || prefix.includes('%') || prefix.length > LONGEST_PREFIX) {
    throw wrong(
      'has a bad prefix',
      `at most ${LONGEST_PREFIX} letters, digits, ".", "_", "-" between single slashes, no "." or ".." alone, no slash at an end`,
    );
  }
  return { bucket, prefix };
}
