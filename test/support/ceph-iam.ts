import { createHash, createHmac, type Hash, type Hmac, randomBytes } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { CephFacts } from './ceph.ts';

/** The SHA-256 that the signer wants, by Node's own. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | Uint8Array | ArrayBuffer | ArrayBufferView) {
    const key = secret instanceof ArrayBuffer ? new Uint8Array(secret) : secret;
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', key as string | Uint8Array);
  }

  update(chunk: string | Uint8Array): void {
    this.#hash.update(chunk);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {}
}

/** One call of IAM's query API, as the owner. */
async function iam(ceph: CephFacts, action: string, parameters: Readonly<Record<string, string>>): Promise<string> {
  const { endpoint, region, accessKeyId, secretAccessKey } = ceph;
  const { hostname, port } = new URL(endpoint);
  const body = new URLSearchParams({ Action: action, Version: '2010-05-08', ...parameters }).toString();
  const signer = new SignatureV4({
    ...{ region, service: 'iam', sha256: Sha256 },
    credentials: { accessKeyId, secretAccessKey },
  });
  const headers = { host: `${hostname}:${port}`, 'content-type': 'application/x-www-form-urlencoded' };
  const request = { method: 'POST', protocol: 'http:', hostname, port: Number(port), path: '/', headers, body };
  const signed = await signer.sign(request);
  const answer = await fetch(endpoint, { method: 'POST', headers: signed.headers, body });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`ceph: ${action} answered ${answer.status}: ${text}`);
  return text;
}

/** Makes an issuer known to Ceph, as `AWS::IAM::OIDCProvider` does. Gives the provider's ARN. */
export async function trustIssuer(
  ceph: CephFacts,
  issuer: { readonly url: string; readonly thumbprint: string },
  audiences: readonly string[] = ['sts.amazonaws.com'],
): Promise<string> {
  const clients = audiences.map((audience, index) => [`ClientIDList.member.${index + 1}`, audience]);
  const text = await iam(ceph, 'CreateOpenIDConnectProvider', {
    ...{ Url: issuer.url, 'ThumbprintList.member.1': issuer.thumbprint.toUpperCase() },
    ...Object.fromEntries(clients),
  });
  const arn = /<OpenIDConnectProviderArn>([^<]+)</.exec(text)?.[1];
  if (arn === undefined) throw new Error(`ceph: no provider in ${text}`);
  return arn;
}

/** Makes a role of a name that no other test has, with one policy. Gives its ARN. */
export async function newRole(ceph: CephFacts, trust: unknown, permissions: unknown, prefix = 'ayci'): Promise<string> {
  const name = `${prefix}-${randomBytes(5).toString('hex')}`;
  const text = await iam(ceph, 'CreateRole', {
    ...{ RoleName: name, Path: '/', AssumeRolePolicyDocument: JSON.stringify(trust) },
  });
  const arn = /<Arn>([^<]+)</.exec(text)?.[1];
  if (arn === undefined) throw new Error(`ceph: no role in ${text}`);
  await iam(ceph, 'PutRolePolicy', {
    ...{ RoleName: name, PolicyName: 'it', PolicyDocument: JSON.stringify(permissions) },
  });
  return arn;
}
