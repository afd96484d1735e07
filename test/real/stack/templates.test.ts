import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { command } from '../../support/command.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { ROOT } from '../../support/program.ts';
import { resolveTemplate } from '../../support/template.ts';

const tools = process.env.AYCI_TEST_LINT ?? '';
const env = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' };
const image = (repository: string): string =>
  `123456789012.dkr.ecr.us-east-1.amazonaws.com/ayci/${repository}@sha256:${'a'.repeat(64)}`;

interface Finding {
  readonly Rule: { readonly Id: string };
  readonly Message: string;
}

async function lint(template: string, parameters: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
  const given = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  // Warnings and notes count as well as errors.
  const args = ['--include-checks', 'I', '--format', 'json', '--template', template];
  const ran = await command(
    join(tools, 'cfn-lint'),
    [...args, ...(given.length > 0 ? ['--parameters', ...given] : [])],
    env,
  );
  expect(ran.stderr).toBe('');
  const findings = JSON.parse(ran.stdout || '[]') as readonly Finding[];
  expect(ran.code === 0).toBe(findings.length === 0);
  return findings.map(({ Rule, Message }) => `${Rule.Id} ${Message}`);
}

const bootstrap = join(ROOT, 'runtimes/bootstrap.yaml');
const template = join(ROOT, 'runtimes/template.yaml');
const REPOSITORIES = 'octo-org/detector@11@22,octo-org/other@11@33';
const ONE_SIZE = { Hardware: 'arm64', MemorySizes: '1769', Imageonnxarm64: image('onnx') };
const ALL = {
  Runtimes: 'onnx,pytorch,tensorflow,mxnet,tvm,openvino',
  Converters: 'onnx@x86_64,onnx@arm64,pytorch@x86_64,tensorflow@x86_64,mxnet@x86_64,tvm@x86_64,openvino@x86_64',
};

describe('cfn-lint', () => {
  it.each<[string, string, Readonly<Record<string, string>>]>([
    ['bootstrap.yaml as it is', bootstrap, {}],
    ['bootstrap.yaml for two repositories', bootstrap, { Repositories: REPOSITORIES }],
    [
      'bootstrap.yaml with all it can have',
      bootstrap,
      { Repositories: REPOSITORIES, MergeQueue: 'yes', EnvironmentName: 'prod', BucketPrefix: 'models' },
    ],
    ['template.yaml as it is', template, {}],
    ['template.yaml with one memory size', template, ONE_SIZE],
    ['template.yaml with all runtimes', template, ALL],
  ])('has nothing to say of %s', async (_, path, parameters) => {
    expect(await lint(path, parameters)).toEqual([]);
  });

  it.each([
    ['a time limit that no function has', template, 'Timeout: 90', 'Timeout: 9000', 'E3034'],
    ['a parameter that there is none of', template, 'Fn::Sub: Image$', 'Fn::Sub: Picture$', 'E1020'],
    ['an encryption that S3 has not', bootstrap, 'AES256', 'AES512', 'E3030'],
    ['a property that no role has', bootstrap, 'MaxSessionDuration', 'MaxSessionDurations', 'E3002'],
  ])('would see %s within the loops', async (_, path, right, wrong, rule) => {
    await using folder = await temporaryFolder();
    const copy = join(folder.path, 'template.yaml');
    const text = readFileSync(path, 'utf8');
    expect(text).toContain(right);
    writeFileSync(copy, text.replace(right, wrong));
    expect((await lint(copy)).join('\n')).toContain(rule);
  });

  // The resolver that the other tests rest on, against another's reading of the same template.
  it.each<[string, Readonly<Record<string, string>>]>([
    [template, { FunctionRole: 'arn:aws:iam::123456789012:role/f' }],
    [template, { FunctionRole: 'arn:aws:iam::123456789012:role/f', ...ONE_SIZE }],
    [template, { FunctionRole: 'arn:aws:iam::123456789012:role/f', ...ALL }],
    [bootstrap, { Repositories: REPOSITORIES }],
  ])('unrolls %s with %o into the same resources', async (path, parameters) => {
    const program = [
      'import json, sys',
      'from cfnlint.decode import decode',
      'from cfnlint.template import Template',
      'from cfnlint.template.transforms._language_extensions import language_extension',
      'text, _ = decode(sys.argv[1])',
      'for name, value in json.loads(sys.argv[2]).items():',
      '    text["Parameters"][name]["Default"] = value',
      'faults, made = language_extension(Template(sys.argv[1], text, ["eu-west-1"]))',
      'assert not faults, faults',
      'print(json.dumps({id: one["Type"] for id, one in made["Resources"].items()}))',
    ].join('\n');
    const ran = await command(join(tools, 'python'), ['-c', program, path, JSON.stringify(parameters)], env);
    expect(ran.code, ran.stderr).toBe(0);
    const { resources } = resolveTemplate(path, parameters);
    const own = Object.fromEntries(Object.entries(resources).map(([id, { Type }]) => [id, Type]));
    expect(JSON.parse(ran.stdout)).toEqual(own);
  });
});
