import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Target, TargetFacts } from '../../src/ports.ts';
import { createInvoker } from '../../src/target/lambda/invoke.ts';
import type {
  Block,
  ConvertRequest,
  MeasureRequest,
  MeasureResponse,
  RuntimeRequest,
  RuntimeResponse,
} from '../../src/types/protocol.ts';

/** What a scripted function does with a request: answers, or fails as Lambda functions do. */
export type Script = (
  request: RuntimeRequest,
  functionName: string,
) => RuntimeResponse | { readonly errorType: string; readonly errorMessage: string };

export interface ScriptedLambda extends AsyncDisposable {
  readonly target: Target;
  readonly requests: { readonly functionName: string; readonly request: RuntimeRequest }[];
  script: Script;
}

const ENVIRONMENT = { cpu: 'scripted', threads: 1, versions: { onnxruntime: '1.32.0' } };

/** A measure answer in which the candidate takes `ratio` × 10 ms, with a little noise of the seed. */
export function measured(request: MeasureRequest, ratio: number): MeasureResponse {
  const wobble = 1 + 0.001 * Math.sin(request.seed * 7);
  const msOf = (role: string): number => (role === 'candidate' ? 10 * ratio * wobble : 10);
  const block = (role: 'candidate' | 'baseline'): Block => ({ role, count: 2, wallMs: msOf(role), cpuMs: msOf(role) });
  const roles = request.subjects.map((subject) => subject.role);
  const other = roles.length > 1 ? 'baseline' : (roles[0] ?? 'candidate');
  const first = roles.length > 1 ? 'candidate' : other;
  const quads = request.timing.minQuads;
  const agreement = { maxAbsoluteDifference: 1e-7, maxAbsoluteReference: 1, varies: true, problem: null };
  return {
    protocol: 1,
    op: 'measure',
    nonce: request.nonce,
    sandbox: { id: `sandbox-${request.nonce}`, requests: 1, cold: true, retired: request.retire },
    importMs: 70,
    subjects: request.subjects.map((subject, at) => ({
      role: subject.role,
      fetchMs: 1,
      loadMs: 20,
      firstMs: 12,
      peakMb: at === 0 ? 90 : null,
      stretch: {
        wallMs: msOf(subject.role) * 20,
        cpuMs: msOf(subject.role) * 20,
        samplesMs: Array.from({ length: 20 }, () => msOf(subject.role)),
      },
      outputs: [{ name: 'y', dtype: 'float32', shape: [1, 3] }],
      fingerprint: 'a'.repeat(64),
      agreement: subject.reference === undefined && subject.expected === undefined ? null : agreement,
    })),
    blocks: Array.from({ length: quads }, () => [block(first), block(other), block(other), block(first)]).flat(),
    change: roles.length > 1 ? { ...agreement, maxAbsoluteDifference: 0 } : null,
    truncated: false,
    environment: ENVIRONMENT,
  };
}

/** A convert answer: the model as it came, said to be optimized. */
export function converted(request: ConvertRequest): RuntimeResponse {
  const files = request.artifact.files.map(({ path, sha256, size }) => ({ path, sha256, size }));
  return {
    protocol: 1,
    op: request.op,
    nonce: request.nonce,
    entry: request.artifact.entry,
    files,
    optimizeMs: 5,
    compileMs: null,
    environment: ENVIRONMENT,
  };
}

export const FACTS: TargetFacts = {
  kind: 'local',
  hardware: ['x86_64'],
  maxVcpus: 2,
  maxMemoryMb: 8000,
  fractionalCpu: true,
  fractionalCpuRemedy: null,
  limits: 'scripted',
  cpu: 'scripted',
  image: null,
  region: null,
  reads: 'files',
  concurrency: 1,
  notes: [],
  unavailable: () => null,
  runtimeDigest: () => 'sha256:abc',
  converterDigest: () => 'sha256:abc',
  converterHardware: () => 'x86_64',
  runtimeName: () => 'onnxruntime 1.32.0',
};

/** A Lambda on loopback that speaks the Invoke API, records what it is asked and does what the test's script says. */
export async function scriptedLambda(script: Script): Promise<ScriptedLambda> {
  const requests: ScriptedLambda['requests'] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const functionName = decodeURIComponent(/functions\/([^/]+)\//.exec(incoming.url ?? '')?.[1] ?? '');
      const request = JSON.parse(Buffer.concat(chunks).toString()) as RuntimeRequest;
      requests.push({ functionName, request });
      const answer = lambda.script(request, functionName);
      const failed = 'errorType' in answer;
      response.writeHead(200, {
        'content-type': 'application/json',
        ...(failed ? { 'x-amz-function-error': 'Unhandled' } : {}),
      });
      response.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const invoker = await createInvoker({
    region: 'us-east-1',
    endpoint,
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
  const lambda: ScriptedLambda = {
    requests,
    script,
    target: {
      facts: FACTS,
      prepare: async () => undefined,
      invoke: ({ hardware, memoryMb, framework }, make, signal) =>
        invoker.invoke(`ayci-${framework}-${hardware}-${memoryMb}`, make, { signal }),
      submit: async () => ({ code: 'protocol', message: 'the scripted Lambda takes no events' }),
      close: async () => undefined,
    },
    async [Symbol.asyncDispose]() {
      invoker.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return lambda;
}
