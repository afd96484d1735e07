import { describe, expect, it } from 'vitest';
import { readInputs } from '../../../src/inputs/read.ts';

const archiveOf = (archive: string) => readInputs({ model: 'm.onnx', archive }, (name) => `--${name}`).archive;

describe('an archive in S3', () => {
  it.each([
    ['s3://bucket', 'bucket', 'ayci'],
    ['s3://bucket/ayci', 'bucket', 'ayci'],
    ['s3://my.bucket-1/a/b_c/d.e', 'my.bucket-1', 'a/b_c/d.e'],
    [`s3://${'b'.repeat(63)}/${'p'.repeat(200)}`, 'b'.repeat(63), 'p'.repeat(200)],
  ])('%s is a bucket and a prefix', (written, bucket, prefix) => {
    expect(archiveOf(written)).toEqual({ kind: 's3', bucket, prefix });
  });

  it.each([
    ['s3:bucket/x', 'is not an S3 URL'],
    ['S3://bucket/x', 'is not an S3 URL'],
    ['s3://', 'does not name a bucket'],
    ['s3:///x', 'does not name a bucket'],
    ['s3://ab/x', 'does not name a bucket'],
    [`s3://${'b'.repeat(64)}/x`, 'does not name a bucket'],
    ['s3://Bucket/x', 'does not name a bucket'],
    ['s3://bu_cket/x', 'does not name a bucket'],
    ['s3://-bucket/x', 'does not name a bucket'],
    ['s3://bucket-/x', 'does not name a bucket'],
    ['s3://bu..cket/x', 'does not name a bucket'],
    ['s3://bu.-cket/x', 'does not name a bucket'],
    ['s3://192.168.1.1/x', 'does not name a bucket'],
    ['s3://xn--bucket/x', 'does not name a bucket'],
    ['s3://bucket--x-s3/x', 'does not name a bucket'],
    ['s3://user@bucket/x', 'does not name a bucket'],
    ['s3://bucket:9000/x', 'does not name a bucket'],
    ['s3://bucket\n/x', 'does not name a bucket'],
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
    const refused = (): unknown => archiveOf(written);
    expect(refused).toThrow(
      expect.objectContaining({
        code: 'bad-input',
        message: expect.stringMatching(/^--archive: .*; expected [^\n]*$/),
      }),
    );
    expect(refused).toThrow(what);
  });

  it('is a folder without such a scheme, and nothing else with one', () => {
    expect(archiveOf('folder/s3')).toEqual({ kind: 'folder', path: 'folder/s3' });
    expect(() => archiveOf('https://bucket.s3.amazonaws.com')).toThrow('--archive: is a URL of another kind');
  });
});
