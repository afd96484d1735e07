import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { INPUTS } from '../../../src/inputs/table.ts';
import { readTemplate } from '../../support/template-read.ts';

const file = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, string | boolean>>;
  readonly env?: Readonly<Record<string, string>>;
}
interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string>>;
  readonly steps?: readonly Step[];
}
interface Workflow {
  readonly on: Readonly<Record<string, { readonly inputs?: Readonly<Record<string, object>> }>>;
  readonly permissions: object;
  readonly jobs: Readonly<Record<string, Job>>;
}
const workflow = (path: string): Workflow => parse(readFileSync(file(path), 'utf8')) as Workflow;

const DEPLOY = '.github/workflows/deploy-runtimes.yml';
const EXAMPLES = ['examples/lambda.yml', 'examples/deploy-lambda.yml'];

describe.each([DEPLOY, ...EXAMPLES])('%s', (path) => {
  const { permissions, jobs } = workflow(path);

  it('grants nothing by default, and a token only to jobs that assume a role', () => {
    expect(permissions).toEqual({});
    for (const [name, job] of Object.entries(jobs)) {
      const assumes = [job, ...(job.steps ?? [])].some((part) => part.with?.['role-to-assume'] !== undefined);
      const granted = job.permissions ?? {};
      expect(granted['id-token'], name).toBe(assumes ? 'write' : undefined);
      expect(Object.keys(granted).filter((what) => !['contents', 'id-token', 'pull-requests'].includes(what))).toEqual(
        [],
      );
      if (granted.contents !== undefined) expect(granted.contents).toBe('read');
    }
  });

  it('pins actions by commit, keeps no token in the checkout, splices nothing into a shell', () => {
    for (const job of Object.values(jobs)) {
      if (job.uses !== undefined) expect(job.uses).toMatch(/^OWNER\/ayci\/.+@COMMIT$/);
      for (const { uses, run, with: given } of job.steps ?? []) {
        if (uses !== undefined) expect(uses).toMatch(/^OWNER\/ayci@COMMIT$|@[0-9a-f]{40}$/);
        if (uses?.startsWith('actions/checkout@')) expect(given?.['persist-credentials']).toBe(false);
        if (run !== undefined) expect(run).not.toContain('${{');
      }
    }
  });
});

describe('the deploying workflow', () => {
  const { on, jobs } = workflow(DEPLOY);
  const steps = Object.values(jobs).flatMap((job) => job.steps ?? []);
  const script = (name: string): string => steps.find((step) => step.name === name)?.run ?? '';

  it('takes the same by hand as from another workflow', () => {
    expect(on.workflow_dispatch?.inputs).toEqual(on.workflow_call?.inputs);
  });

  it('presets what the template presets', () => {
    const parameters = readTemplate(file('runtimes/template.yaml')).Parameters as Record<string, { Default?: unknown }>;
    const inputs = on.workflow_call?.inputs as Record<string, { default?: unknown }>;
    expect(inputs['memory-sizes']?.default).toBe(parameters.MemorySizes?.Default);
    expect(inputs.hardware?.default).toBe(parameters.Hardware?.Default);
    expect(inputs.runtimes?.default).toBe(parameters.Runtimes?.Default);
    expect(Number(inputs['converter-memory-mb']?.default)).toBe(parameters.ConverterMemoryMb?.Default);
  });

  it('gives the template parameters that it has', () => {
    const parameters = Object.keys(readTemplate(file('runtimes/template.yaml')).Parameters as object);
    const given = [...script('Deploy').matchAll(/"([A-Z]\w+)=\$/g)].map(([, name = '']) => name);
    expect(given).toEqual(['FunctionRole', 'Runtimes', 'Hardware', 'Converters', 'MemorySizes', 'ConverterMemoryMb']);
    expect(parameters).toEqual(expect.arrayContaining(given));
    for (const architecture of ['x86_64', 'arm64'])
      for (const kind of ['Image', 'ConverterImage'])
        expect(parameters).toContain(`${kind}onnx${architecture.replaceAll('_', '')}`);
    for (const kind of ['Image', 'ConverterImage'])
      expect(script('Deploy')).toContain(`"${kind}$runtime\${hardware//_/}"`);
    expect(parameters).toEqual(expect.arrayContaining(['Versiononnxx8664', 'Versiononnxarm64']));
    expect(script('Deploy')).toContain(`"Version$runtime\${hardware//_/}=$version"`);
  });

  it("reads the caller's file of its own commit, that file alone, and no other", () => {
    const callers = Object.values(jobs).map((job) => (job.steps ?? []).filter((step) => step.with?.path === 'caller'));
    expect(callers.map((found) => found.length)).toEqual([1, 1, 1, 0]);
    for (const { uses, with: given } of callers.flat()) {
      expect(uses).toMatch(/^actions\/checkout@/);
      expect(given).toEqual({
        repository: `\${{ github.repository }}`,
        ref: `\${{ github.sha }}`,
        path: 'caller',
        'sparse-checkout': `/\${{ inputs.runtime-requirements }}`,
        'sparse-checkout-cone-mode': false,
        'persist-credentials': false,
      });
    }
    // A checkout at the top would take the folder away.
    for (const job of Object.values(jobs)) {
      const paths = (job.steps ?? []).flatMap((step) =>
        step.uses?.startsWith('actions/checkout@') ? [step.with?.path ?? ''] : [],
      );
      expect(paths.indexOf('caller')).not.toBe(0);
    }
  });

  it('calls nothing that its role may not', () => {
    const called = steps.flatMap(({ run = '' }) =>
      [...run.matchAll(/\baws (ecr|cloudformation|lambda|sts) ([a-z-]+)/g)].map(
        ([, service, verb]) => `${service} ${verb}`,
      ),
    );
    // `cloudformation deploy` makes, describes and executes a change set; `wait` describes the stack.
    expect([...new Set(called)].sort()).toEqual([
      'cloudformation delete-stack',
      'cloudformation deploy',
      'cloudformation list-stack-resources',
      'cloudformation wait',
      'ecr batch-get-image',
      'ecr get-login-password',
      'sts get-caller-identity',
    ]);
  });
});

describe('the examples', () => {
  it('call the deploying workflow with inputs that it has, and all that it requires', () => {
    const inputs = workflow(DEPLOY).on.workflow_call?.inputs as Record<string, { required?: boolean }>;
    const example = workflow('examples/deploy-lambda.yml');
    const given = Object.keys(example.jobs.runtimes?.with ?? {});
    const required = Object.keys(inputs).filter((name) => inputs[name]?.required === true);
    expect(given).toEqual(expect.arrayContaining(required));
    expect(Object.keys(inputs)).toEqual(expect.arrayContaining(given));
    // What is asked for is handed on.
    const asked = Object.keys(example.on.workflow_dispatch?.inputs ?? {});
    expect(asked).toEqual(['action', 'runtimes', 'runtime-requirements', 'memory-sizes']);
    for (const name of asked) expect(example.jobs.runtimes?.with?.[name]).toBe(`\${{ inputs.${name} }}`);
  });

  it('give the action inputs that it has', () => {
    const steps = workflow('examples/lambda.yml').jobs.model?.steps ?? [];
    const given = Object.keys(steps.find(({ uses }) => uses?.startsWith('OWNER/ayci@'))?.with ?? {});
    expect(given).toContain('role-to-assume');
    expect(INPUTS.map(({ name }) => name)).toEqual(expect.arrayContaining(given));
  });
});
