import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StsRefusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** AWS's STS on 127.0.0.1, in its own XML, which answers what a test tells it to. */
export interface ScriptedSts extends AsyncDisposable {
  readonly url: string;
  /** The fields of each request, in order. */
  readonly requests: readonly Readonly<Record<string, string>>[];
  /** What the next requests get, one after another; after that, or as null, credentials. */
  answer(...answers: readonly (StsRefusal | null)[]): void;
  /** How many seconds from now credentials end; an hour if not said. */
  endIn(seconds: number): void;
}

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function refusalXml({ status, code, message }: StsRefusal): string {
  const type = status < 500 ? 'Sender' : 'Receiver';
  return `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>${type}</Type><Code>${code}</Code><Message>${escaped(message)}</Message></Error><RequestId>7a8b</RequestId></ErrorResponse>`;
}

function credentialsXml(count: number, end: Date, fields: Readonly<Record<string, string>>): string {
  const role = escaped(fields.RoleArn ?? '');
  const session = escaped(fields.RoleSessionName ?? '');
  return `<AssumeRoleWithWebIdentityResponse xmlns="${NAMESPACE}"><AssumeRoleWithWebIdentityResult>
<Credentials><AccessKeyId>ASIA${count}</AccessKeyId><SecretAccessKey>secret-${count}</SecretAccessKey><SessionToken>token-${count}</SessionToken><Expiration>${end.toISOString()}</Expiration></Credentials>
<AssumedRoleUser><AssumedRoleId>AROA:${session}</AssumedRoleId><Arn>${role}/${session}</Arn></AssumedRoleUser>
</AssumeRoleWithWebIdentityResult><ResponseMetadata><RequestId>7a8b</RequestId></ResponseMetadata></AssumeRoleWithWebIdentityResponse>`;
}

/** Starts one. The n-th credentials that it gives are called `ASIA<n>`, from 1. */
export async function startScriptedSts(): Promise<ScriptedSts> {
  const requests: Readonly<Record<string, string>>[] = [];
  const answers: (StsRefusal | null)[] = [];
  let seconds = 3600;
  let given = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const fields = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
      requests.push(fields);
      const refusal = answers.shift() ?? null;
      if (refusal === null) given += 1;
      const xml =
        refusal === null ? credentialsXml(given, new Date(Date.now() + seconds * 1000), fields) : refusalXml(refusal);
      response.writeHead(refusal?.status ?? 200, { 'content-type': 'text/xml' }).end(xml);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    ...{ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests },
    answer: (...more) => {
      answers.push(...more);
    },
    endIn: (given) => {
      seconds = given;
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
