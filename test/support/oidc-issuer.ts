import { execFile } from 'node:child_process';
import { createHash, createPrivateKey, type KeyObject, randomUUID, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exportJWK, type JWK, SignJWT } from 'jose';
import { type Claims, claimsOf, type Run } from './github-claims.ts';

const execute = promisify(execFile);

interface Signer {
  readonly key: KeyObject;
  readonly certificate: X509Certificate;
}

async function newSigner(): Promise<Signer> {
  const folder = await mkdtemp(join(tmpdir(), 'ayci-oidc-'));
  try {
    const [key, certificate] = [join(folder, 'key'), join(folder, 'certificate')];
    const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1'];
    await execute('openssl', [...made, '-keyout', key, '-out', certificate]);
    return {
      key: createPrivateKey(await readFile(key)),
      certificate: new X509Certificate(await readFile(certificate)),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export interface TokenOptions {
  readonly audience?: string;
  /** Seconds from now to its end; below zero for one that ended already. GitHub's live five minutes. */
  readonly expiresIn?: number;
  /** Signed by a key that the issuer never published, under the published key's name. */
  readonly forged?: boolean;
}

/** GitHub's token service on 127.0.0.1: tokens for a run, discovery document and published keys. */
export interface OidcIssuer extends AsyncDisposable {
  /** The `iss` of its tokens. */
  readonly url: string;
  /** How a trust policy's keys begin: the address without its scheme. */
  readonly host: string;
  /** Of the certificate, as an identity provider of IAM takes it: SHA-1, hex. */
  readonly thumbprint: string;
  /** What GitHub puts into the environment of a job with `id-token: write`. */
  readonly env: Readonly<{ ACTIONS_ID_TOKEN_REQUEST_URL: string; ACTIONS_ID_TOKEN_REQUEST_TOKEN: string }>;
  /** Audiences that were asked for, in order. */
  readonly asked: readonly string[];
  /** Which run it speaks for from now on, and how. */
  serve(run: Run, options?: TokenOptions): void;
  /** Answers the next requests with this status and no token. */
  fail(status: number | null): void;
  token(run: Run, options?: TokenOptions): Promise<string>;
}

const KEY_ID = 'published';

/** Starts one; it has a key of its own. */
export async function startOidcIssuer(): Promise<OidcIssuer> {
  const [own, foreign] = await Promise.all([newSigner(), newSigner()]);
  const jwk: JWK = {
    ...(await exportJWK(own.certificate.publicKey)),
    ...{ kid: KEY_ID, alg: 'RS256', use: 'sig', x5c: [own.certificate.raw.toString('base64')] },
  };
  const requestToken = randomUUID();
  const asked: string[] = [];
  let speaking: { readonly run: Run; readonly options: TokenOptions } | null = null;
  let failing: number | null = null;
  let url = '';

  function token(run: Run, options: TokenOptions = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const claims: Claims = claimsOf(run);
    return new SignJWT({ ...claims, jti: randomUUID() })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: KEY_ID })
      .setIssuer(url)
      .setAudience(options.audience ?? 'sts.amazonaws.com')
      .setIssuedAt(now - 600)
      .setNotBefore(now - 600)
      .setExpirationTime(now + (options.expiresIn ?? 300))
      .sign(options.forged === true ? foreign.key : own.key);
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asking = new URL(request.url ?? '/', url);
    const reply = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (asking.pathname === '/.well-known/openid-configuration') {
      return reply(200, {
        ...{ issuer: url, jwks_uri: `${url}/.well-known/jwks` },
        ...{ response_types_supported: ['id_token'], id_token_signing_alg_values_supported: ['RS256'] },
      });
    }
    if (asking.pathname === '/.well-known/jwks') return reply(200, { keys: [jwk] });
    if (asking.pathname !== '/token') return reply(404, { message: 'not found' });
    if (request.headers.authorization !== `Bearer ${requestToken}`) return reply(401, { message: 'unauthorized' });
    if (failing !== null) return reply(failing, { message: 'not now' });
    if (speaking === null) return reply(500, { message: 'nobody said for which run: call serve()' });
    const audience = asking.searchParams.get('audience') ?? `https://github.com/${speaking.run.repository.owner}`;
    asked.push(audience);
    return reply(200, { value: await token(speaking.run, { audience, ...speaking.options }) });
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: Error) => response.writeHead(500).end(error.message));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...{ url, host: url.slice('http://'.length), asked, token },
    thumbprint: createHash('sha1').update(own.certificate.raw).digest('hex'),
    env: {
      // @actions/core appends `&audience=`, and so must have a query to append to.
      ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken,
    },
    serve: (run, options = {}) => {
      speaking = { run, options };
    },
    fail: (status) => {
      failing = status;
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
