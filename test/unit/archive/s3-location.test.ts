import { describe, expect, it } from 'vitest';
import { isS3Url, parseS3Url } from '../../../src/archive/s3/location.ts';

describe('an archive in S3', () => {
  it.each([
    ['s3://bucket', 'bucket', 'ayci'],
    ['s3://bucket/ayci', 'bucket', 'ayci'],
    ['s3://my.bucket-1/a/b_c/d.e', 'my.bucket-1', 'a/b_c/d.e'],
    [`s3://${'b'.repeat(63)}/${'p'.repeat(200)}`, 'b'.repeat(63), 'p'.repeat(200)],
  ])('%s is a bucket and a prefix', (written, bucket, prefix) => {
    expect(isS3Url(written)).toBe(true);
    expect(parseS3Url(written, '--archive')).toEqual({ bucket, prefix });
  });

  it.each([
    ['s3:bucket/x', 'is not an S3 URL'],
    ['S3://bucket/x', 'is not an S3 URL'],
    ['s3://', 'is not in a bucket'],
    ['s3:///x', 'is not in a bucket'],
    ['s3://ab/x', 'is not in a bucket'],
    [`s3://${'b'.repeat(64)}/x`, 'is not in a bucket'],
    ['s3://Bucket/x', 'is not in a bucket'],
    ['s3://bu_cket/x', 'is not in a bucket'],
    ['s3://-bucket/x', 'is not in a bucket'],
    ['s3://bucket-/x', 'is not in a bucket'],
    ['s3://bu..cket/x', 'is not in a bucket'],
    ['s3://bu.-cket/x', 'is not in a bucket'],
    ['s3://192.168.1.1/x', 'is not in a bucket'],
    ['s3://xn--bucket/x', 'is not in a bucket'],
    ['s3://bucket--x-s3/x', 'is not in a bucket'],
    ['s3://user@bucket/x', 'is not in a bucket'],
    ['s3://bucket:9000/x', 'is not in a bucket'],
    ['s3://bucket\n/x', 'is not in a bucket'],
    ['s3://bucket/', 'has a bad prefix'],
    ['s3://bucket//x', 'has a bad prefix'],
    ['s3://bucket/x/', 'has a bad prefix'],
    ['s3://bucket/a//b', 'has a bad prefix'],
    ['s3://bucket/../b', 'has a bad prefix'],
    ['s3://bucket/a/./b', 'has a bad prefix'],
    ['s3://bucket/a/..', 'has a bad prefix'],
    ['s3://bucket/a\\b', 'has a bad prefix'],
    ['s3://bucket/a\u0000b', 'has a bad prefix'],
    ['s3://bucket/a\nb', 'has a bad prefix'],
    ['s3://bucket/a%2e%2e', 'has a bad prefix'],
    ['s3://bucket/*', 'has a bad prefix'],
    ['s3://bucket/a?versionId=1', 'has a bad prefix'],
    [`s3://bucket/${'p'.repeat(201)}`, 'has a bad prefix'],
  ])('%j is refused in one line', (written, what) => {
    const refused = (): unknown => parseS3Url(written, '--archive');
    expect(refused).toThrow(
      expect.objectContaining({
        code: 'bad-input',
        message: expect.stringMatching(/^--archive: .*; expected [^\n]*$/),
      }),
    );
    expect(refused).toThrow(what);
  });
});
