import type { GetFunctionCommandOutput } from '@aws-sdk/client-lambda';
import { describe, expect, test } from 'vitest';
import { type DeployedFunction, oddImages, readFunction } from '../../../../src/target/lambda/deployed.ts';
import { Deployed } from '../../../../src/target/lambda/discovery.ts';
import { factsOf } from '../../../../src/target/lambda/facts.ts';
import type { Hardware } from '../../../../src/types/config.ts';
import { type DescribedOptions, described, stackOf } from '../../../support/control-plane.ts';

const PLACE = { region: 'eu-central-1', stack: 'ayci' };
const NAME = 'ayci-onnx-arm64-1769';

function read(answer: object): DeployedFunction | null {
  return readFunction({ $metadata: {}, ...answer } as GetFunctionCommandOutput);
}

function functionsOf(answers: readonly object[]): DeployedFunction[] {
  return answers.map((answer) => {
    const one = read(answer);
    if (one === null) throw new Error('no function');
    return one;
  });
}

function bent(over: DescribedOptions, hardware: Hardware = 'arm64', memoryMb = 1769): object {
  return described(NAME, hardware, memoryMb, over);
}

test('a function is what AWS says of it', () => {
  const reserved = { Concurrency: { ReservedConcurrentExecutions: 7 } };
  expect(read(bent({ tags: { 'ayci:runtime-version': 'onnxruntime 1.32.0' }, rest: reserved }))).toEqual({
    name: NAME,
    named: { runtime: 'onnx', role: 'measure', hardware: 'arm64', memoryMb: 1769 },
    stack: 'ayci',
    runtime: 'onnx',
    role: 'measure',
    version: 'onnxruntime 1.32.0',
    architecture: 'arm64',
    memoryMb: 1769,
    timeoutSeconds: 90,
    digest: `sha256:${'a'.repeat(64)}`,
    state: 'Active',
    stateReason: '',
    update: 'Successful',
    updateReason: '',
    reserved: 7,
    tagsError: null,
  });
});

test('what AWS leaves out is what is its default; without an image the code is its identity', () => {
  const bare = { Configuration: { FunctionName: NAME, CodeSha256: 'abc=' }, Code: {} };
  expect(read(bare)).toMatchObject({
    architecture: 'x86_64',
    memoryMb: 128,
    timeoutSeconds: 3,
    digest: 'code:abc=',
    state: 'Active',
    update: 'Successful',
    stack: null,
    reserved: null,
  });
});

test('functions of other names, and answers without one, are nobody’s', () => {
  expect(read({ Configuration: { FunctionName: 'payments' } })).toBeNull();
  expect(read({})).toBeNull();
});

describe('a function of the right name that does not serve', () => {
  test.each<[string, object, RegExp]>([
    ['another stack', bent({ tags: { 'ayci:stack': 'blue' } }), /belongs to stack "blue", not "ayci"/],
    ['no tags', bent({ rest: { Tags: {} } }), /has no tag ayci:stack/],
    ['another runtime', bent({ tags: { 'ayci:runtime': 'tvm' } }), /is tagged as runtime "tvm"/],
    ['another role', bent({ tags: { 'ayci:role': 'convert' } }), /is tagged for "convert"/],
    ['another architecture', bent({}, 'x86_64'), /runs on x86_64, not arm64/],
    ['another memory', bent({}, 'arm64', 512), /has 512 MB, not 1769/],
    ['too short a time', bent({ configuration: { Timeout: 3 } }), /ends after 3 s/],
    ['a switch that is off', bent({ rest: { Concurrency: { ReservedConcurrentExecutions: 0 } } }), /is switched off/],
    [
      'no image any more',
      bent({ configuration: { State: 'Failed', StateReason: 'image gone' } }),
      /is Failed: image gone/,
    ],
    [
      'a failed update',
      bent({ configuration: { LastUpdateStatus: 'Failed', LastUpdateStatusReason: 'denied' } }),
      /could not be updated: denied/,
    ],
  ])('%s', (_, answer, fault) => {
    const others = functionsOf(stackOf(['arm64'], [512]));
    const deployed = new Deployed(PLACE, [...others, ...functionsOf([answer])]);
    expect(deployed.fault(NAME)).toMatch(fault);
    expect(deployed.fault(NAME)).toMatch(
      /; (delete the stack and deploy it anew|name the stack to use|take that away)/,
    );
    expect(deployed.fault('ayci-onnx-arm64-512')).toBeNull();
  });

  test('one that waits or is updated serves: it will be waited for', () => {
    for (const configuration of [
      { State: 'Pending' },
      { State: 'Inactive' },
      { LastUpdateStatus: 'InProgress' },
    ] as const) {
      expect(new Deployed(PLACE, functionsOf([bent({ configuration })])).fault(NAME)).toBeNull();
    }
  });

  test('long reasons of AWS are cut', () => {
    const [one] = functionsOf([bent({ configuration: { State: 'Failed', StateReason: 'x'.repeat(5000) } })]);
    expect(one?.stateReason).toHaveLength(200);
  });
});

describe('images', () => {
  const named = (memoryMb: number, image: string): object =>
    described(`ayci-onnx-arm64-${memoryMb}`, 'arm64', memoryMb, { image });

  test('the one that differs from its siblings is the odd one', () => {
    const all = functionsOf([named(512, 'a'), named(1024, 'b'), named(1769, 'a'), ...stackOf(['x86_64'], [512])]);
    expect([...oddImages(all)]).toEqual(['ayci-onnx-arm64-1024']);
    const deployed = new Deployed(PLACE, all);
    expect(deployed.fault('ayci-onnx-arm64-1024')).toMatch(
      /has another image \(sha256:bbbbbbbbbbbb\) than its siblings/,
    );
    expect(deployed.fault('ayci-onnx-arm64-512')).toBeNull();
  });

  test('where none is in the majority, all are', () => {
    const all = functionsOf([named(512, 'a'), named(1024, 'b')]);
    expect([...oddImages(all)].sort()).toEqual(['ayci-onnx-arm64-1024', 'ayci-onnx-arm64-512']);
  });

  test('those of other stacks are no siblings', () => {
    const other = described('ayci-onnx-arm64-512', 'arm64', 512, { image: 'b', tags: { 'ayci:stack': 'blue' } });
    const deployed = new Deployed(PLACE, functionsOf([named(1024, 'a'), other]));
    expect(deployed.fault('ayci-onnx-arm64-1024')).toBeNull();
  });
});

describe('facts', () => {
  const deployed = new Deployed(PLACE, functionsOf(stackOf(['x86_64'], [512, 1769])));
  const config = { hardware: 'x86_64', memoryMb: 512, optimizer: 'onnx' } as const;

  test('what is deployed is what can be measured', () => {
    const facts = factsOf(deployed, { unreserved: 900 });
    expect(facts).toMatchObject({
      kind: 'lambda',
      hardware: ['x86_64'],
      reads: 'archive',
      concurrency: 900,
      notes: [],
    });
    expect(facts.region).toBe('eu-central-1');
    expect(facts.unavailable('onnx', config)).toBeNull();
    expect(facts.runtimeDigest('onnx', { ...config, optimizer: 'vanilla' })).toBe(`sha256:${'a'.repeat(64)}`);
    expect(facts.converterDigest({ runtime: 'onnx', made: 'there' }, 'x86_64')).toBe(`sha256:${'c'.repeat(64)}`);
    // What converts is code that the figures depend on as well.
    expect(facts.runtimeDigest('onnx', { ...config, optimizer: 'onnx' })).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(facts.runtimeDigest('onnx', { ...config, optimizer: 'onnx' })).not.toBe(`sha256:${'a'.repeat(64)}`);
    expect(facts.runtimeName('onnx', { optimizer: 'onnx', hardware: 'x86_64' })).toBe('onnx runtime');
  });

  test('a size that is not deployed comes with the command that adds it', () => {
    const facts = factsOf(deployed, { unreserved: 900 });
    expect(facts.unavailable('onnx', { ...config, memoryMb: 2048 })).toMatch(
      /^ayci-onnx-x86_64-2048 is not deployed; to deploy it: aws cloudformation deploy .*MemorySizes=512,1769,2048$/,
    );
    expect(facts.unavailable('onnx', { ...config, hardware: 'arm64' })).toBe(
      'ayci-onnx-arm64-512 is not deployed; to deploy it: deploy-runtimes.yml with hardware x86_64,arm64 and memory-sizes 512,1769',
    );
    const undeployed = { ...config, optimizer: 'vanilla', memoryMb: 2048 } as const;
    expect(facts.runtimeDigest('onnx', undeployed)).toBe('not deployed');
  });

  test('without a converter only what is not converted can be measured', () => {
    const alone = stackOf(['x86_64'], [512]).filter((one) => !one.Configuration.FunctionName?.includes('convert'));
    const facts = factsOf(new Deployed(PLACE, functionsOf(alone)), { unreserved: 900 });
    expect(facts.unavailable('onnx', config)).toMatch(/^ayci-onnx-convert-x86_64 is not deployed/);
    expect(facts.unavailable('onnx', { ...config, optimizer: 'vanilla' })).toBeNull();
  });

  test.each([
    [null, 10, 1],
    [0, 1, 1],
    [10, 10, 1],
    [11, 11, 0],
    [50_000, 1000, 0],
  ])('an account that says %s runs %d at once, with %d notes', (unreserved, concurrency, notes) => {
    const facts = factsOf(deployed, { unreserved });
    expect([facts.concurrency, facts.notes.length]).toEqual([concurrency, notes]);
  });

  test('a small reserved share of a function is told', () => {
    const rest = { Concurrency: { ReservedConcurrentExecutions: 4 } };
    const facts = factsOf(new Deployed(PLACE, functionsOf([bent({ rest })])), { unreserved: 900 });
    expect(facts.notes).toEqual([expect.stringMatching(/^ayci-onnx-arm64-1769 has a reserved concurrency of 4/)]);
  });

  test('the runtime’s name is its tag on that architecture, where there is one', () => {
    const tags = { 'ayci:runtime-version': 'onnxruntime 1.32.0' };
    const facts = factsOf(new Deployed(PLACE, functionsOf([bent({ tags })])), { unreserved: 900 });
    expect(facts.runtimeName('onnx', { optimizer: 'onnx', hardware: 'arm64' })).toBe('onnxruntime 1.32.0');
    // Another architecture may run another version.
    expect(facts.runtimeName('onnx', { optimizer: 'onnx', hardware: 'x86_64' })).toBe('onnx runtime');
  });
});
