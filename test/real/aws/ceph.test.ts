import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { sharedCeph } from '../../support/ceph-shared.ts';
import { newBucket, s3Of } from '../../support/rgw.ts';

describe('the S3 that the tests use', () => {
  it('writes once under If-None-Match, and reads what was written', async () => {
    const ceph = await sharedCeph();
    const client = s3Of(ceph);
    const where = { Bucket: await newBucket(ceph), Key: 'a/b c/ü.json' };
    const put = (text: string) =>
      client.send(new PutObjectCommand({ ...where, Body: text, IfNoneMatch: '*' })).then(
        () => text,
        (error: Error) => error.name,
      );
    const ended = await Promise.all(Array.from({ length: 8 }, (_, index) => put(`writer ${index}`)));
    const winners = ended.filter((end) => end.startsWith('writer'));
    expect(winners).toHaveLength(1);
    expect(ended.filter((end) => end === 'PreconditionFailed')).toHaveLength(7);
    const read = await client.send(new GetObjectCommand(where));
    expect(await read.Body?.transformToString()).toBe(winners[0]);
  });
});
