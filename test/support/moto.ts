import { spawn } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { CreateFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { DeployedFunction } from './template.ts';

export interface Moto extends AsyncDisposable {
  readonly endpoint: string;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** moto's server: Lambda's control plane. It ends with this process. */
export async function startMoto(): Promise<Moto> {
  const program = process.env.AYCI_TEST_MOTO;
  if (program === undefined) throw new Error('AYCI_TEST_MOTO is not set: node scripts/parts.mjs moto');
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', program, '-H', '127.0.0.1', '-p', String(port)], {
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  for (;;) {
    if (child.exitCode !== null) throw new Error(`moto ended with ${child.exitCode}`);
    const up = await fetch(`${endpoint}/moto-api/data.json`).then(
      (answer) => answer.arrayBuffer().then(() => answer.ok),
      () => false,
    );
    if (up) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    endpoint,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** moto wants the role of a function to be there. It checks no signature. */
async function createRole(endpoint: string, arn: string): Promise<void> {
  const scope = 'moto/20260101/us-east-1/iam/aws4_request';
  const trust = { Version: '2012-10-17', Statement: [] };
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: { authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=none` },
    body: new URLSearchParams({
      Action: 'CreateRole',
      Version: '2010-05-08',
      RoleName: arn.slice(arn.lastIndexOf('/') + 1),
      AssumeRolePolicyDocument: JSON.stringify(trust),
    }),
  });
  if (!answer.ok) throw new Error(`moto: no role: ${await answer.text()}`);
}

/** Creates functions as a stack would, one by one. */
export async function createFunctions(
  endpoint: string,
  region: string,
  functions: readonly DeployedFunction[],
): Promise<void> {
  const credentials = { accessKeyId: 'moto', secretAccessKey: 'moto' };
  const client = new LambdaClient({ endpoint, region, credentials });
  for (const arn of new Set(functions.map(({ role }) => role))) await createRole(endpoint, arn);
  for (const one of functions) {
    await client.send(
      new CreateFunctionCommand({
        FunctionName: one.name,
        PackageType: 'Image',
        Code: { ImageUri: one.imageUri },
        Architectures: one.architectures as ('x86_64' | 'arm64')[],
        MemorySize: one.memoryMb,
        Timeout: one.timeoutSeconds,
        Role: one.role,
        EphemeralStorage: { Size: one.storageMb },
        Tags: { ...one.tags },
      }),
    );
  }
  client.destroy();
}
