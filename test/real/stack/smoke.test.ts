import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { command } from '../../support/command.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { hashOf } from '../../support/own-requirements.ts';
import type { Ran } from '../../support/program.ts';

// What deploy-runtimes.yml ends with: AWS's command line against a Lambda on this machine.
const script = fileURLToPath(new URL('../../../scripts/smoke-test.mjs', import.meta.url));

interface Asked {
  readonly protocol: number;
  readonly op: string;
  readonly nonce: string;
  readonly framework: string;
  readonly optimizer: string;
}
interface Answer {
  readonly status?: number;
  readonly error?: string;
  readonly body: unknown;
}
type Answering = (name: string, asked: Asked) => Answer;

const VERSIONS = { python: '3.12.9', onnxruntime: '1.32.0', numpy: '2.4.6' };
const describes = (asked: Asked, changed: object = {}): unknown => ({
  protocol: 1,
  op: 'describe',
  nonce: asked.nonce,
  sandbox: { id: 's', requests: 1, cold: true, retired: false },
  environment: { cpu: 'Neoverse-N1', threads: 1, versions: VERSIONS },
  inputs: null,
  outputs: null,
  ...changed,
});

/** A Lambda that answers as `answering` says. */
async function lambda(answering: Answering): Promise<{ readonly endpoint: string } & AsyncDisposable> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const [, name = ''] = /\/functions\/([^/]+)\/invocations/.exec(request.url ?? '') ?? [];
      const { status = 200, error, body } = answering(name, JSON.parse(Buffer.concat(chunks).toString()) as Asked);
      response.writeHead(status, {
        'content-type': 'application/json',
        ...(error === undefined ? {} : { 'x-amz-function-error': error }),
        ...(status === 404 ? { 'x-amzn-errortype': 'ResourceNotFoundException' } : {}),
      });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function smoke(names: readonly string[], answering: Answering, own = ''): Promise<Ran> {
  await using server = await lambda(answering);
  await using home = await temporaryFolder();
  const file = join(home.path, 'own.txt');
  if (own !== '') writeFileSync(file, own);
  return await command(process.execPath, [script, ...names], {
    PATH: `${process.env.AYCI_TEST_AWS_CLI}:${process.env.PATH}`,
    HOME: home.path,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'eu-west-1',
    AWS_DEFAULT_REGION: 'eu-west-1',
    AWS_ENDPOINT_URL_LAMBDA: server.endpoint,
    AWS_MAX_ATTEMPTS: '1',
    OWN_FILE: own === '' ? '' : file,
  });
}

describe('the smoke test after deploying', () => {
  it('passes where each function says what it is, and asks each once', async () => {
    const names = ['ayci-onnx-x86_64-512', 'ayci-onnx-arm64-1769', 'ayci-onnx-convert-arm64'];
    const asked: [string, Asked][] = [];
    const ran = await smoke(names, (name, request) => {
      asked.push([name, request]);
      return { body: describes(request) };
    });
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    expect(ran.stdout.trim().split('\n').sort()).toEqual(names.map((name) => `ok     ${name}`).sort());
    expect(asked.map(([name]) => name).sort()).toEqual([...names].sort());
    expect(new Set(asked.map(([, { nonce }]) => nonce)).size).toBe(3);
    for (const [, request] of asked)
      expect(request).toMatchObject({ protocol: 1, op: 'describe', framework: 'onnx', optimizer: 'vanilla' });
  });

  it.each<[string, string, Answering]>([
    ['a function that fails', 'it failed: ', () => ({ error: 'Unhandled', body: { errorType: 'Runtime.ExitError' } })],
    ['a function that is not there', 'ResourceNotFoundException', () => ({ status: 404, body: { message: 'no' } })],
    ['another answer', 'it answers another request', (_, asked) => ({ body: describes(asked, { nonce: 'x' }) })],
    ['another protocol', 'no answer of protocol 1', (_, asked) => ({ body: describes(asked, { protocol: 2 }) })],
    ['another operation', 'no answer of protocol 1', (_, asked) => ({ body: describes(asked, { op: 'measure' }) })],
    ['an answer that is no object', 'no answer of protocol 1', () => ({ body: 'null' })],
    ['an answer that is no JSON', 'JSON', () => ({ body: 'hello' })],
    ['no versions', 'it names no versions', (_, asked) => ({ body: describes(asked, { environment: {} }) })],
    [
      'an image of other versions',
      'it runs onnxruntime 1.31.0, which is not the version in runtimes/onnx/requirements.txt',
      (_, asked) => ({
        body: describes(asked, { environment: { versions: { ...VERSIONS, onnxruntime: '1.31.0' } } }),
      }),
    ],
  ])('fails for %s, and tells which function', async (_, message, answering) => {
    const ran = await smoke(['ayci-onnx-x86_64-512', 'ayci-onnx-x86_64-1024'], (name, asked) =>
      name.endsWith('-512') ? answering(name, asked) : { body: describes(asked) },
    );
    expect(ran.code, ran.stdout + ran.stderr).toBe(1);
    expect(ran.stdout).toContain('ok     ayci-onnx-x86_64-1024');
    const wrong = ran.stdout.split('\n').filter((line) => line.startsWith('WRONG'));
    expect(wrong).toHaveLength(1);
    expect(wrong[0]).toContain('WRONG  ayci-onnx-x86_64-512: ');
    expect(wrong[0]).toContain(message);
  });

  it('knows the versions of every runtime, a converter’s by its own lock', async () => {
    const numpy = '2.4.6';
    const versions: Readonly<Record<string, object>> = {
      'ayci-tvm-arm64-1769': { tvm: '0.27.0.post1', numpy },
      'ayci-tvm-convert-x86_64': { tvm: '0.27.0.post1', llvm: '22', numpy },
      'ayci-tensorflow-x86_64-1769': { tensorflow: '2.21.0', numpy },
      'ayci-tensorflow-convert-x86_64': { tensorflow: '2.21.0', onnx: '1.23.2', numpy },
      'ayci-pytorch-x86_64-1769': { torch: '2.13.0+cpu', numpy },
      'ayci-openvino-convert-x86_64': { openvino: '2026.4.0', numpy },
      'ayci-openvino-arm64-1769': { openvino: '2025.2.0', numpy: '2.2.6' },
      'ayci-mxnet-arm64-1769': { mxnet: '1.9.1', numpy },
      // What serves has no onnx.
      'ayci-tensorflow-arm64-1769': { tensorflow: '2.21.0', onnx: '1.23.2', numpy },
    };
    const ran = await smoke(Object.keys(versions), (name, asked) => ({
      body: describes(asked, { environment: { versions: { python: '3.13.0', ...versions[name] } } }),
    }));
    const wrong = ran.stdout.split('\n').filter((line) => line.startsWith('WRONG'));
    expect(wrong, ran.stdout + ran.stderr).toEqual([
      expect.stringContaining('it runs onnx 1.23.2, which is not the version in runtimes/tensorflow/requirements.txt'),
    ]);
    expect(wrong[0]).toContain('ayci-tensorflow-arm64-1769');
    expect(ran.code).toBe(1);
  });

  it('knows a user’s own versions, where they apply', async () => {
    const own = `onnxruntime==1.23.2 ${hashOf('a')}\ntensorflow==2.20.0 ; platform_machine == 'aarch64' ${hashOf('b')}`;
    const versions: Readonly<Record<string, object>> = {
      'ayci-onnx-x86_64-1769': { onnxruntime: '1.23.2', numpy: '2.4.6' },
      'ayci-onnx-convert-arm64': { onnxruntime: '1.23.2', onnx: '1.23.2', numpy: '2.4.6' },
      'ayci-tensorflow-arm64-1769': { tensorflow: '2.20.0' },
      'ayci-tensorflow-x86_64-1769': { tensorflow: '2.21.0' },
      'ayci-pytorch-x86_64-1769': { torch: '2.13.0+cpu' },
      // The lock's version is no longer right, nor the user's where it does not apply.
      'ayci-onnx-x86_64-512': { onnxruntime: '1.32.0' },
      'ayci-tensorflow-x86_64-512': { tensorflow: '2.20.0' },
    };
    const answering: Answering = (name, asked) => ({
      body: describes(asked, { environment: { versions: { python: '3.13.0', ...versions[name] } } }),
    });
    const ran = await smoke(Object.keys(versions), answering, own);
    const wrong = ran.stdout.split('\n').filter((line) => line.startsWith('WRONG'));
    expect(wrong.map((line) => line.split(/ +|:/)[1]).sort(), ran.stdout + ran.stderr).toEqual([
      'ayci-onnx-x86_64-512',
      'ayci-tensorflow-x86_64-512',
    ]);
    expect(ran.code).toBe(1);
  });

  it('does not let a function’s text become a command of the workflow', async () => {
    const ran = await smoke(['ayci-onnx-x86_64-512'], () => ({
      error: 'Unhandled',
      body: { errorMessage: 'x\n::error::planted\n::set-env name=A::b' },
    }));
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain('planted');
    expect(ran.stdout.split('\n').filter((line) => line.startsWith('::'))).toEqual([]);
  });

  it('fails where the stack has no function', async () => {
    const ran = await smoke([], () => ({ body: null }));
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('no function is named');
  });
});
