import { AyciError } from '../../errors.ts';
import type { S3 } from './client.ts';

const LIFE_SECONDS = 3600;
/** A conversion may take a quarter of an hour. */
const SHORTEST_SECONDS = 900;

/** Seconds that a URL signed now can live: those of the credentials, if they are fewer. */
async function life(s3: S3, name: string): Promise<number> {
  const secondsLeft = (expiration: Date | undefined): number =>
    expiration === undefined ? LIFE_SECONDS : Math.floor((expiration.getTime() - Date.now()) / 1000);
  let left = secondsLeft((await s3.client.config.credentials()).expiration);
  if (left < SHORTEST_SECONDS)
    left = secondsLeft((await s3.client.config.credentials({ forceRefresh: true })).expiration);
  if (left <= 0) {
    throw new AyciError('archive', `archive ${name}: the credentials have expired`, {
      hint: 'Renew them and run again; what was kept is reused.',
    });
  }
  return Math.min(left, LIFE_SECONDS);
}

/** A URL that reads or writes one object for an hour at most. Only the host is signed, so that any client can use it. */
export async function sign(s3: S3, bucket: string, key: string, what: 'read' | 'write', name: string): Promise<string> {
  const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner');
  const input = { Bucket: bucket, Key: key };
  const options = { expiresIn: await life(s3, name), signableHeaders: new Set(['host']) };
  return what === 'read'
    ? getSignedUrl(s3.client, new s3.sdk.GetObjectCommand(input), options)
    : getSignedUrl(s3.client, new s3.sdk.PutObjectCommand(input), options);
}
