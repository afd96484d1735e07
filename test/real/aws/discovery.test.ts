import { afterAll, beforeAll, expect, test } from 'vitest';
import { nullLogger } from '../../../src/log.ts';
import { createLambdaTarget } from '../../../src/target/lambda/index.ts';
import { HARDWARE } from '../../../src/types/config.ts';
import { lambdaAction, lambdaFront } from '../../support/aws-front.ts';
import { createFunctions, type Moto, startMoto } from '../../support/moto.ts';
import type { RecordingProxy } from '../../support/recording-proxy.ts';
import { type DeployedFunction, functionsOf, resolveTemplate } from '../../support/template.ts';

// What runtimes/template.yaml makes, made one by one in moto, is what discovery finds.

const REGION = 'eu-central-1';
const MEMORIES = [512, 1024, 1769, 2048, 3008, 4096, 6144, 8192, 10_240];
const DIGESTS = { x86_64: 'a'.repeat(64), arm64: 'b'.repeat(64), convert: 'c'.repeat(64) };

function image(repository: string, digest: string): string {
  return `123456789012.dkr.ecr.${REGION}.amazonaws.com/ayci/${repository}@sha256:${digest}`;
}

function deployed(): readonly DeployedFunction[] {
  return functionsOf(
    resolveTemplate('runtimes/template.yaml', {
      FunctionRole: 'arn:aws:iam::123456789012:role/ayci-function',
      Imageonnxx8664: image('onnx', DIGESTS.x86_64),
      Imageonnxarm64: image('onnx', DIGESTS.arm64),
      ConverterImageonnxx8664: image('onnx-convert', DIGESTS.convert),
      ConverterImageonnxarm64: image('onnx-convert', DIGESTS.convert),
    }),
  );
}

let moto: Moto;
let front: RecordingProxy;

beforeAll(async () => {
  moto = await startMoto();
  await createFunctions(moto.endpoint, REGION, deployed());
  front = await lambdaFront({ invoke: moto.endpoint, control: moto.endpoint, concurrency: 40 });
});

afterAll(async () => {
  await front?.[Symbol.asyncDispose]();
  await moto?.[Symbol.asyncDispose]();
});

function target(stack: string) {
  return createLambdaTarget({
    region: REGION,
    stack,
    endpoint: front.endpoint,
    credentials: { accessKeyId: 'moto', secretAccessKey: 'moto' },
    logger: nullLogger,
    signal: new AbortController().signal,
  });
}

test('every function of the template is found, and serves what its name says', async () => {
  // The template's tag is the stack's name as CloudFormation would have it.
  const [first] = deployed();
  const stack = first?.tags['ayci:stack'] ?? '';
  const { facts, close } = await target(stack);
  await close();
  expect(facts).toMatchObject({ kind: 'lambda', hardware: HARDWARE, region: REGION, concurrency: 40, notes: [] });
  expect(facts.runtimeName('onnx', { optimizer: 'onnx', hardware: 'x86_64' })).toBe('onnxruntime 1.32.0');
  const images = new Set<string>();
  for (const hardware of HARDWARE) {
    for (const memoryMb of MEMORIES) {
      const config = { hardware, memoryMb, optimizer: 'vanilla' } as const;
      expect(facts.unavailable('onnx', config)).toBeNull();
      images.add(`measure ${hardware} ${facts.runtimeDigest('onnx', config)}`);
    }
    images.add(`convert ${facts.converterDigest({ runtime: 'onnx', made: 'there' }, hardware)}`);
    const other = { hardware, memoryMb: 5000, optimizer: 'onnx' } as const;
    expect(facts.unavailable('onnx', other)).toMatch(
      /is not deployed; to deploy it: .*MemorySizes=512,.*,4096,5000,6144/,
    );
  }
  // moto makes up digests of its own: one an image, the same for all sizes.
  const digests = [...images].map((one) => one.slice(one.lastIndexOf(' ') + 1));
  expect(digests).toHaveLength(3);
  expect(new Set(digests).size).toBe(3);
  for (const digest of digests) expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(new Set(front.requests.map(lambdaAction))).toEqual(
    new Set(['lambda:ListFunctions', 'lambda:GetFunction', 'lambda:GetAccountSettings']),
  );
});

test('for another stack there is none', async () => {
  await expect(target('blue')).rejects.toMatchObject({
    code: 'target',
    message: expect.stringMatching(/^stack "blue"/),
  });
});
