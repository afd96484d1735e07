import type { LambdaClient, LambdaClientConfig } from '@aws-sdk/client-lambda';

export type Sdk = typeof import('@aws-sdk/client-lambda');
export type Credentials = NonNullable<LambdaClientConfig['credentials']>;

export interface ClientOptions {
  readonly region: string;
  readonly endpoint?: string;
  readonly credentials?: Credentials;
}

/** A connection that was not made by then is given up. */
const CONNECT_MS = 10_000;

/** Idle connections die silently in NAT after minutes, and a request on a dead one is lost: close them well before. */
const IDLE_MS = 30_000;

/** The SDK is loaded here and not before: a run that measures nothing does not pay for it. */
export function loadSdk(): Promise<Sdk> {
  return import('@aws-sdk/client-lambda');
}

/**
 * @param maxAttempts 1 where a request must not be sent twice
 * @param sockets connections that may be open at once
 */
export function makeClient(sdk: Sdk, options: ClientOptions, maxAttempts: number, sockets: number): LambdaClient {
  const agent = { keepAlive: true, maxSockets: sockets, timeout: IDLE_MS };
  return new sdk.LambdaClient({
    region: options.region,
    maxAttempts,
    requestHandler: { connectionTimeout: CONNECT_MS, httpAgent: agent, httpsAgent: agent },
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
  });
}
