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

/** AWS's rules of general purpose buckets; with dots a bucket's name fits no certificate. */
const BUCKET = /^(?!xn--|sthree-)[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]$/;
const PREFIX_BYTES = 200;

/** `s3://bucket/prefix`; the prefix may be left out. */
export function parseS3Location(written: Written): { readonly bucket: string; readonly prefix: string } {
  const [, bucket = '', , prefix = ''] = /^s3:\/\/([^/]*)(\/([\s\S]*))?$/.exec(written.value.trim()) ?? [];
  if (!BUCKET.test(bucket) || bucket.includes('..') || /^\d+(\.\d+){3}$/.test(bucket)) {
    throw refuse(written, 'does not name a bucket (3 to 63 of a-z, 0-9, dots and dashes)');
  }
  if (prefix === '') return { bucket, prefix };
  if (prefix.startsWith('/') || prefix.endsWith('/'))
    throw refuse(written, 'has a prefix that begins or ends with a slash');
  const parts = prefix.split('/');
  if (parts.some((part) => !/^[A-Za-z0-9._-]+$/.test(part) || /^\.+$/.test(part))) {
    throw refuse(
      written,
      'has a prefix with something else than letters, digits, dots, dashes and underscores between slashes',
    );
  }
  if (prefix.length > PREFIX_BYTES) throw refuse(written, `has a prefix of more than ${PREFIX_BYTES} characters`);
  return { bucket, prefix };
}
