import type { S3Client } from '@aws-sdk/client-s3';
import { AyciError } from '../../errors.ts';
import type { Logger } from '../../ports.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

export interface S3Options {
  readonly bucket: string;
  readonly prefix: string;
  readonly region: string;
  /** Where S3 is not AWS's own: the value of AWS_ENDPOINT_URL_S3. */
  readonly endpoint: string | null;
  /** Asked for every request, so it has to remember; without it the environment's default chain. */
  readonly credentials?: () => Promise<Credentials>;
  readonly logger: Logger;
  /** How messages name an input: `--aws-region`. */
  readonly placeOf: (input: 'archive' | 'aws-region' | 'role-to-assume') => string;
}

export type Sdk = typeof import('@aws-sdk/client-s3');

export interface S3 {
  readonly sdk: Sdk;
  readonly client: S3Client;
  /** Whose rules hold: AWS's, or those of something compatible. */
  readonly isAws: boolean;
}

/** Endpoints inside a VPC are AWS's too. */
function isAwsEndpoint(endpoint: string | null): boolean {
  return endpoint === null || /\.amazonaws\.com(\.cn)?$/.test(new URL(endpoint).hostname);
}

/** @throws AyciError `bad-input` */
function checkEndpoint(endpoint: string): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return;
  throw new AyciError('bad-input', 'AWS_ENDPOINT_URL_S3: is not a URL; expected http://host:port or https://host');
}

/** The SDK's client. The SDK is loaded here and not before: a run whose archive is a folder does not pay for it. */
export async function connect(options: S3Options): Promise<S3> {
  if (options.endpoint !== null) checkEndpoint(options.endpoint);
  const sdk = await import('@aws-sdk/client-s3');
  const { credentials, endpoint } = options;
  const agent = { keepAlive: true, maxSockets: 50 };
  const client = new sdk.S3Client({
    region: options.region,
    ...(endpoint === null ? {} : { endpoint, forcePathStyle: true }),
    // `memoized`: the SDK would keep credentials until their last five minutes, and URLs have to outlive those.
    ...(credentials === undefined ? {} : { credentials: Object.assign(() => credentials(), { memoized: true }) }),
    // An upload URL would carry the checksum of an empty body, and compatible servers refuse trailers of streamed ones.
    // Runtimes check the SHA-256 of what they read.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // A connection that went silent must not hang a run.
    requestHandler: { connectionTimeout: 10_000, socketTimeout: 60_000, httpAgent: agent, httpsAgent: agent },
  });
  return { sdk, client, isAws: isAwsEndpoint(endpoint) };
}
