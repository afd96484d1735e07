import { AyciError } from '../../errors.ts';
import type { ArchiveStore } from '../../ports.ts';
import { isObjectKey } from '../keys.ts';
import { connect, type S3, type S3Options } from './client.ts';
import { type Doing, isAbsent, s3Error } from './errors.ts';
import { downloadObject, readObject } from './read.ts';
import { sign } from './sign.ts';
import { upload } from './upload.ts';
import { putIf, swap } from './write.ts';

export type { Credentials, S3Options } from './client.ts';

const PROBE = new TextEncoder().encode('AYCI can write here.\n');

/** The archive below a prefix of a bucket. Nothing is connected to before the first request. */
export function createS3Archive(options: S3Options): ArchiveStore {
  const { bucket, prefix } = options;
  const name = `s3://${bucket}/${prefix}`;
  let connecting: Promise<S3> | null = null;

  /** Does something to an object; every failure becomes an AyciError. */
  async function doing<T>(
    action: Doing['action'],
    key: string,
    early: boolean,
    work: (s3: S3, key: string) => Promise<T>,
  ): Promise<T> {
    if (!isObjectKey(key)) {
      throw new AyciError('archive', `archive ${name}: ${JSON.stringify(key)} is not an object key`);
    }
    const object = `${prefix}/${key}`;
    try {
      connecting ??= connect(options);
      return await work(await connecting, object);
    } catch (thrown) {
      throw s3Error(options, { action, key: object, early }, thrown);
    }
  }

  /** The same where the object may not be there. */
  async function finding<T>(key: string, absent: T, work: (s3: S3, key: string) => Promise<T>): Promise<T> {
    return doing('s3:GetObject', key, true, async (s3, object) => {
      try {
        return await work(s3, object);
      } catch (thrown) {
        if (isAbsent(thrown)) return absent;
        throw thrown;
      }
    });
  }

  const has = (key: string): Promise<boolean> =>
    finding(key, false, async ({ client, sdk }, object) => {
      await client.send(new sdk.HeadObjectCommand({ Bucket: bucket, Key: object }));
      return true;
    });

  return {
    name,
    remote: true,
    has,
    ready: (under) =>
      doing('s3:PutObject', `${under}/probe`, true, async (s3, key) => {
        const probe = () => putIf(s3, bucket, key, PROBE, { IfNoneMatch: '*' });
        if ((await probe()) === 'written' && (await probe()) === 'written') {
          throw new AyciError('archive', `archive ${name}: the server does not heed If-None-Match`, {
            hint: 'Two runs could lose results: use a server that has conditional writes.',
          });
        }
      }),
    read: (key) => finding(key, null, (s3, object) => readObject(s3, bucket, object, name)),
    write: (key, bytes, ifMatch) =>
      doing('s3:PutObject', key, false, (s3, object) => swap(s3, bucket, object, bytes, ifMatch, name)),
    async putFile(key, source) {
      if (await has(key)) return;
      await doing('s3:PutObject', key, false, (s3, object) => upload(s3, bucket, object, source, options.logger));
    },
    getFile: (key, target) =>
      finding(key, false, async (s3, object) => {
        await downloadObject(s3, bucket, object, name, target);
        return true;
      }),
    readUrl: (key) => doing('s3:GetObject', key, false, (s3, object) => sign(s3, bucket, object, 'read', name)),
    writeUrl: (key) => doing('s3:PutObject', key, false, (s3, object) => sign(s3, bucket, object, 'write', name)),
  };
}
