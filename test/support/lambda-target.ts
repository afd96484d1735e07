import { randomUUID } from 'node:crypto';
import { nullLogger } from '../../src/log.ts';
import type { Target } from '../../src/ports.ts';
import { createLambdaTarget, type LambdaTargetOptions } from '../../src/target/lambda/index.ts';
import type { MeasureRequest } from '../../src/types/protocol.ts';

/** The Lambda target over a double, with waits that suit a test. */
export function targetOf(endpoint: string, over: Partial<LambdaTargetOptions> = {}): Promise<Target> {
  return createLambdaTarget({
    region: 'eu-central-1',
    stack: 'ayci',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    endpoint,
    logger: nullLogger,
    signal: new AbortController().signal,
    lookMs: 20,
    random: () => 0.02,
    ...over,
  });
}

const HASH = 'a'.repeat(64);

/** A small whole measure request. */
export function measureRequest(over: Partial<MeasureRequest> = {}): MeasureRequest {
  const file = { path: 'model.onnx', url: 'file:///nowhere/model.onnx', sha256: HASH, size: 10 };
  const input = { name: 'x', dtype: 'float32', shape: [1, 3], fill: { kind: 'normal' } } as unknown;
  return {
    protocol: 1,
    op: 'measure',
    nonce: randomUUID(),
    framework: 'onnx',
    optimizer: 'vanilla',
    batch: 1,
    threads: 1,
    seed: 1,
    subjects: [
      {
        role: 'candidate',
        artifact: { entry: 'model.onnx', files: [file] },
        inputs: [input as MeasureRequest['subjects'][number]['inputs'][number]],
      },
    ],
    timing: { warmups: 0, stretchMs: 0, stretchMin: 0, blockMs: 0, minQuads: 1, quadsMs: 0 },
    deadlineMs: 50_000,
    retire: false,
    ...over,
  };
}
