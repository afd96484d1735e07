import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DEADLINE_MS } from '../../../src/measure/protocol.ts';
import {
  converterName,
  deployCommand,
  functionName,
  MAX_MEMORY_MB,
  MIN_MEMORY_MB,
  parseName,
  ROLE_TAG,
  RUNTIME_TAG,
  STACK_TAG,
  VERSION_TAG,
} from '../../../src/target/lambda/names.ts';
import { RUNTIME_NAMES as RUNTIMES } from '../../../src/types/config.ts';
import { LIBRARIES } from '../../../src/types/engines.ts';
import { functionsOf, resolveTemplate } from '../../support/template.ts';
import { type Fields, readTemplate } from '../../support/template-read.ts';

const file = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const template = file('runtimes/template.yaml');
const FunctionRole = 'arn:aws:iam::123456789012:role/ayci-function';
const image = (repository: string, digit: string): string =>
  `123456789012.dkr.ecr.eu-west-1.amazonaws.com/ayci/${repository}@sha256:${digit.repeat(64)}`;
const GIVEN = {
  FunctionRole,
  Imageonnxx8664: image('onnx', 'a'),
  Imageonnxarm64: image('onnx', 'b'),
  ConverterImageonnxx8664: image('onnx-convert', 'c'),
  ConverterImageonnxarm64: image('onnx-convert', 'd'),
};
const PAPER = [512, 1024, 1769, 2048, 3008, 4096, 6144, 8192, 10_240];

describe('the functions of the stack', () => {
  const resolved = resolveTemplate(template, GIVEN);
  const functions = functionsOf(resolved);
  const measuring = functions.filter(({ tags }) => tags[ROLE_TAG] === 'measure');
  const converting = functions.filter(({ tags }) => tags[ROLE_TAG] === 'convert');

  it('are called what discovery looks for', () => {
    const names = (['x86_64', 'arm64'] as const).flatMap((hardware) => [
      converterName('onnx', hardware),
      ...PAPER.map((memoryMb) => functionName('onnx', hardware, memoryMb)),
    ]);
    expect(functions.map(({ name }) => name).sort()).toEqual(names.sort());
  });

  it.each(functions)('$name is what its name says', (made) => {
    const parsed = parseName(made.name);
    expect(made.architectures).toEqual([parsed?.hardware]);
    expect(made.tags).toEqual({
      [STACK_TAG]: 'ayci',
      [RUNTIME_TAG]: parsed?.runtime,
      [ROLE_TAG]: parsed?.role,
      [VERSION_TAG]: expect.stringMatching(/^onnxruntime \d+\.\d+\.\d+$/),
    });
    if (parsed?.role === 'measure') expect(made.memoryMb).toBe(parsed.memoryMb);
    const kind = parsed?.role === 'convert' ? 'ConverterImage' : 'Image';
    const parameter = `${kind}onnx${parsed?.hardware.replace('_', '')}` as keyof typeof GIVEN;
    expect(made).toMatchObject({ packageType: 'Image', imageUri: GIVEN[parameter], role: FunctionRole });
  });

  it('that measure outlast a request, those that convert have all that Lambda gives', () => {
    for (const made of measuring) {
      expect(made.timeoutSeconds).toBe(90);
      expect(made.timeoutSeconds * 1000).toBeGreaterThan(DEADLINE_MS);
      expect(made.storageMb).toBe(2048);
    }
    for (const made of converting)
      expect(made).toMatchObject({ timeoutSeconds: 900, memoryMb: MAX_MEMORY_MB, storageMb: 10_240 });
  });

  it('log as text, where their role may write, and not for ever', () => {
    for (const made of functions) expect(made).toMatchObject({ logFormat: 'Text', logGroup: '/aws/lambda/ayci-onnx' });
    const groups = Object.values(resolved.resources).filter(({ Type }) => Type === 'AWS::Logs::LogGroup');
    expect(groups.map(({ Properties }) => Properties)).toEqual([
      { LogGroupName: '/aws/lambda/ayci-onnx', RetentionInDays: 14 },
    ]);
  });

  it('convert once for an event', () => {
    const events = Object.values(resolved.resources).filter(({ Type }) => Type === 'AWS::Lambda::EventInvokeConfig');
    expect(events.map(({ Properties }) => Properties.FunctionName).sort()).toEqual(
      converting.map(({ name }) => name).sort(),
    );
    for (const { Properties } of events)
      expect(Properties).toMatchObject({ MaximumRetryAttempts: 0, Qualifier: '$LATEST' });
  });

  it('get no environment: nothing secret can be in it', () => {
    for (const { Type, Properties } of Object.values(resolved.resources))
      if (Type === 'AWS::Lambda::Function') expect(Properties).not.toHaveProperty('Environment');
  });

  it('name the version that is locked', () => {
    const lock = readFileSync(file('runtimes/onnx/requirements.txt'), 'utf8');
    const [, version] = /^onnxruntime==(\S+)/m.exec(lock) ?? [];
    for (const made of functions) expect(made.tags[VERSION_TAG]).toBe(`onnxruntime ${version}`);
  });

  it('have ids that CloudFormation takes, and are fewer than it takes', () => {
    const ids = Object.keys(resolved.resources);
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9]{1,255}$/);
    expect(ids.length).toBeLessThanOrEqual(500);
  });
});

describe('the parameters of the stack', () => {
  it('choose sizes and architectures', () => {
    const chosen = { Hardware: 'arm64', MemorySizes: '885,1769', Converters: 'onnx@arm64' };
    const functions = functionsOf(resolveTemplate(template, { ...GIVEN, ...chosen }));
    expect(functions.map(({ name }) => name)).toEqual([
      'ayci-onnx-arm64-885',
      'ayci-onnx-arm64-1769',
      'ayci-onnx-convert-arm64',
    ]);
  });

  it('deploy every runtime, as few resources as a stack can have, in a text that needs no bucket', () => {
    const all = {
      Runtimes: RUNTIMES.join(','),
      Converters: ['onnx@arm64', ...RUNTIMES.map((runtime) => `${runtime}@x86_64`)].join(','),
    };
    const resolved = resolveTemplate(template, { ...GIVEN, ...all });
    const functions = functionsOf(resolved);
    expect(functions).toHaveLength(RUNTIMES.length * (2 * PAPER.length + 1) + 1);
    for (const { name, tags, logGroup, architectures } of functions) {
      const parsed = parseName(name);
      expect(tags[RUNTIME_TAG]).toBe(parsed?.runtime);
      expect(tags[ROLE_TAG]).toBe(parsed?.role);
      expect(architectures).toEqual([parsed?.hardware]);
      expect(logGroup).toBe(`/aws/lambda/ayci-${parsed?.runtime}`);
    }
    expect(Object.keys(resolved.resources).length).toBeLessThanOrEqual(500);
    expect(readFileSync(template).length).toBeLessThan(51_200);
  });

  it.each(
    RUNTIMES.flatMap((runtime) => (['x86_64', 'arm64'] as const).map((hardware) => [runtime, hardware] as const)),
  )('have images of %s on %s and know the version that is locked there', (runtime, hardware) => {
    const bare = hardware.replace('_', '');
    const given = {
      FunctionRole,
      Runtimes: runtime,
      Hardware: hardware,
      MemorySizes: '1769',
      Converters: `${runtime}@${hardware}`,
      [`Image${runtime}${bare}`]: image(runtime, '1'),
      [`ConverterImage${runtime}${bare}`]: image(`${runtime}-convert`, '2'),
    };
    const [serves, converts] = functionsOf(resolveTemplate(template, given));
    expect([serves?.imageUri, converts?.imageUri]).toEqual([image(runtime, '1'), image(`${runtime}-convert`, '2')]);
    const lock = readFileSync(file(`runtimes/${runtime}/requirements.txt`), 'utf8');
    const machine = hardware === 'arm64' ? 'aarch64' : hardware;
    const lines = [...lock.matchAll(/^([a-z-]+)==(\S+)(?: ; (.+?))? \\$/gm)];
    const here = lines.filter(([, , , marker]) => marker === undefined || marker.includes(`'${machine}'`));
    const library = LIBRARIES[runtime];
    const found = here.filter(([, name]) => name === library || name === `${library}-cpu`);
    expect(found.map(([, , version]) => `${library} ${version}`)).toEqual([serves?.tags[VERSION_TAG]]);
  });

  it('of memory take what Lambda takes and nothing else', () => {
    const { MemorySizes } = readTemplate(template).Parameters as Readonly<Record<string, Fields>>;
    const legal = new RegExp(`^(?:${MemorySizes?.AllowedPattern})$`);
    const taken = Array.from({ length: 20_001 }, (_, mb) => mb).filter((mb) => legal.test(String(mb)));
    expect([taken[0], taken.at(-1), taken.length]).toEqual([128, 10_240, 10_240 - 128 + 1]);
    expect([MIN_MEMORY_MB, MAX_MEMORY_MB]).toEqual([128, 10_240]);
  });

  it.each([
    ['Imageonnxarm64', '123456789012.dkr.ecr.eu-west-1.amazonaws.com/ayci/onnx:latest'],
    ['Imageonnxarm64', `evil.example/ayci/onnx@sha256:${'a'.repeat(64)}`],
    ['Hardware', 'aarch64'],
    ['Runtimes', 'onnx-2'],
    ['Converters', 'onnx'],
    ['Converters', 'onnx@riscv'],
    ['FunctionRole', 'ayci-function'],
    ['StorageMb', '511'],
    ['LogDays', '2'],
    ['MemorySizes', '01769'],
  ])('refuse %s = %s', (name, value) => {
    expect(() => resolveTemplate(template, { ...GIVEN, [name]: value })).toThrow(`parameter ${name}: ${value} is not`);
  });

  it('are those of the command that the action tells', () => {
    const command = deployCommand({ stack: 'ayci', region: 'eu-west-1', memoriesMb: [1769] });
    expect(command).toContain('--stack-name ayci ');
    expect(command).toContain('--template-file runtimes/template.yaml');
    const [, overrides = ''] = command.split('--parameter-overrides ');
    const names = overrides.split(' ').map((pair) => pair.split('=')[0]);
    expect(names.length).toBeGreaterThan(0);
    expect(Object.keys(readTemplate(template).Parameters as object)).toEqual(expect.arrayContaining(names));
  });
});
