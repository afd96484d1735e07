import { refuse, type Written } from './values.ts';

/** `eu-west-1`. Whether Lambda's prices there are known is another question. */
export function parseRegion(written: Written): string {
  const value = written.value.trim();
  if (!/^[a-z]{2}(-[a-z]+){1,3}-\d{1,2}$/.test(value) || value.length > 32)
    throw refuse(written, 'is not an AWS region');
  return value;
}

/** `arn:aws:iam::123456789012:role/path/name`. */
export function parseRoleArn(written: Written): string {
  const value = written.value.trim();
  if (!/^arn:aws(-cn|-us-gov)?:iam::\d{12}:role\/([\w+=,.@-]+\/)*[\w+=,.@-]{1,64}$/.test(value)) {
    const hint = 'The outputs of the bootstrap stack name it: docs/aws.md.';
    throw refuse(written, 'is not the ARN of a role', hint);
  }
  return value;
}

/** AWS's rules of general purpose buckets. */
const BUCKET = /^(?=.{3,63}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const RESERVED = /^(?:xn--|sthree-|amzn-s3-demo-)|(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/;
const ADDRESS = /^\d+\.\d+\.\d+\.\d+$/;
const DEFAULT_PREFIX = 'ayci';
/** Keys end at 1,024 bytes, and the layout needs the rest. */
const LONGEST_PREFIX = 200;

/** `s3://bucket` or `s3://bucket/prefix`; without a prefix it is `ayci`. */
export function parseS3Location(written: Written): { readonly bucket: string; readonly prefix: string } {
  const [, bucket, , prefix = DEFAULT_PREFIX] = /^s3:\/\/([^/]*)(\/([\s\S]*))?$/.exec(written.value.trim()) ?? [];
  if (bucket === undefined) throw refuse(written, 'is not an S3 URL');
  if (!BUCKET.test(bucket) || ADDRESS.test(bucket) || RESERVED.test(bucket)) {
    throw refuse(
      written,
      'does not name a bucket (3 to 63 lower-case letters, digits, hyphens and single dots, no reserved name)',
    );
  }
  const parts = prefix.split('/');
  const fits = prefix.length <= LONGEST_PREFIX && parts.every((part) => /^[A-Za-z0-9._-]+$/.test(part));
  if (!fits || parts.some((part) => /^\.+$/.test(part))) {
    const what = `has a bad prefix (at most ${LONGEST_PREFIX} letters, digits, ".", "_", "-" between single slashes)`;
    throw refuse(written, what);
  }
  return { bucket, prefix };
}
