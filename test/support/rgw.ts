import { randomBytes } from 'node:crypto';
import { CreateBucketCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { CephFacts } from './ceph.ts';

type Credentials = NonNullable<S3ClientConfig['credentials']>;

/** S3 with these credentials; without, as the owner of everything. */
export function s3Of(ceph: CephFacts, credentials?: Credentials): S3Client {
  const { endpoint, region, accessKeyId, secretAccessKey } = ceph;
  return new S3Client({
    ...{ endpoint, region, forcePathStyle: true, maxAttempts: 1 },
    credentials: credentials ?? { accessKeyId, secretAccessKey },
    // Ceph knows no trailing checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

/** Makes a bucket whose name no other test has; it goes with Ceph. */
export async function newBucket(ceph: CephFacts, prefix = 'ayci'): Promise<string> {
  const bucket = `${prefix}-${randomBytes(5).toString('hex')}`;
  const client = s3Of(ceph);
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
  return bucket;
}
