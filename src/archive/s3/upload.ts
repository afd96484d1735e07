import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Logger } from '../../ports.ts';
import type { S3 } from './client.ts';

const MB = 1024 * 1024;
const SMALLEST_PART = 8 * MB;
/** S3's limit is 10,000; parts grow rather than reach it. */
const MOST_PARTS = 5000;
const PARTS_AT_ONCE = 4;
const PROGRESS_MS = 1000;

/** A file to an object: in parts where it is large, with progress; what fails leaves no parts behind. */
export async function upload(s3: S3, bucket: string, key: string, source: string, logger: Logger): Promise<void> {
  const { Upload } = await import('@aws-sdk/lib-storage');
  const { size } = await stat(source);
  const body = createReadStream(source);
  try {
    const sending = new Upload({
      client: s3.client,
      params: { Bucket: bucket, Key: key, Body: body, ContentLength: size, ContentType: 'application/octet-stream' },
      partSize: Math.max(SMALLEST_PART, Math.ceil(size / MOST_PARTS)),
      queueSize: PARTS_AT_ONCE,
    });
    let said = Number.NEGATIVE_INFINITY;
    sending.on('httpUploadProgress', ({ loaded = 0 }) => {
      const now = performance.now();
      if (size <= SMALLEST_PART || now - said < PROGRESS_MS) return;
      said = now;
      logger.progress(`Uploading ${key.slice(key.lastIndexOf('/') + 1)}: ${inMb(loaded)} of ${inMb(size)} MB`);
    });
    await sending.done();
  } finally {
    body.destroy();
  }
}

function inMb(bytes: number): string {
  return String(Math.round(bytes / MB));
}
