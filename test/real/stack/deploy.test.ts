import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { VERSION_TAG } from '../../../src/target/lambda/names.ts';
import { type Account, awsForDeploying, type Recorded } from '../../support/aws-deploying.ts';
import { command } from '../../support/command.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { allows, type PolicyDocument } from '../../support/iam.ts';
import { hashOf } from '../../support/own-requirements.ts';
import { type Ran, ROOT } from '../../support/program.ts';
import { functionsOf, resolveTemplate } from '../../support/template.ts';

// The shell of deploy-runtimes.yml, run as GitHub runs it, by AWS's own command line against an AWS on this machine.
// Docker alone is a stand-in that writes down how it was called.

interface Step {
  readonly name?: string;
  readonly run?: string;
}
const { jobs } = parse(readFileSync(join(ROOT, '.github/workflows/deploy-runtimes.yml'), 'utf8')) as {
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>;
};
const steps = Object.values(jobs).flatMap((job) => job.steps);

interface Done extends Ran {
  readonly outputs: Readonly<Record<string, string>>;
  readonly docker: readonly (readonly string[])[];
  readonly recorded: readonly Recorded[];
  /** The user's own versions in the images' context. */
  readonly own: string | null;
}

const EMPTY: Account = { images: {}, functions: [] };

/** A checkout of AYCI to write to, and beside it the caller's files, as the steps before leave them. */
function workspace(folder: string, caller: Readonly<Record<string, string>>): void {
  mkdirSync(join(folder, 'runtimes'), { recursive: true });
  for (const name of ['package.json', 'scripts']) symlinkSync(join(ROOT, name), join(folder, name));
  for (const name of readdirSync(join(ROOT, 'runtimes')))
    symlinkSync(join(ROOT, 'runtimes', name), join(folder, 'runtimes', name));
  for (const [path, text] of Object.entries(caller)) {
    mkdirSync(dirname(join(folder, 'caller', path)), { recursive: true });
    writeFileSync(join(folder, 'caller', path), text);
  }
}

async function step(
  name: string,
  env: Readonly<Record<string, string>>,
  account: Account = EMPTY,
  caller: Readonly<Record<string, string>> = {},
): Promise<Done> {
  const script = steps.find((one) => one.name === name)?.run;
  if (script === undefined) throw new Error(`the workflow has no step "${name}"`);
  await using folder = await temporaryFolder();
  await using aws = await awsForDeploying(account);
  const at = (file: string): string => join(folder.path, file);
  writeFileSync(at('output'), '');
  workspace(at('work'), caller);
  writeFileSync(at('step.sh'), `cd "${at('work')}"\n${script}`);
  const log = `require('node:fs').appendFileSync('${at('docker.log')}', JSON.stringify(process.argv.slice(2)) + '\\n');`;
  writeFileSync(at('docker'), `#!${process.execPath}\n${log}process.stdin.resume();\n`);
  chmodSync(at('docker'), 0o755);
  const ran = await command('bash', ['--noprofile', '--norc', '-eo', 'pipefail', at('step.sh')], {
    PATH: `${folder.path}:${process.env.AYCI_TEST_AWS_CLI}:${process.env.PATH}`,
    HOME: folder.path,
    GITHUB_OUTPUT: at('output'),
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'eu-west-1',
    AWS_DEFAULT_REGION: 'eu-west-1',
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_MAX_ATTEMPTS: '1',
    ...env,
  });
  const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');
  return {
    ...ran,
    outputs: Object.fromEntries(
      lines(readFileSync(at('output'), 'utf8')).map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]),
    ),
    docker: existsSync(at('docker.log'))
      ? lines(readFileSync(at('docker.log'), 'utf8')).map((line) => JSON.parse(line) as string[])
      : [],
    recorded: aws.recorded,
    own: existsSync(at('work/runtimes/own-requirements.txt'))
      ? readFileSync(at('work/runtimes/own-requirements.txt'), 'utf8')
      : null,
  };
}

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const INPUTS = {
  ...{ ACTION: 'deploy', COMMIT, HARDWARE: 'x86_64,arm64', REQUIREMENTS: '', RUNTIMES: 'onnx', STACK: 'ayci' },
};

describe('the inputs of a deployment', () => {
  it('tell the workflow’s own commit', async () => {
    const JOB = JSON.stringify({ workflow_repository: 'owner/ayci', workflow_sha: COMMIT, status: 'success' });
    const done = await step("This workflow's own commit", { JOB });
    expect(done.code, done.stderr).toBe(0);
    expect(done.outputs).toEqual({ repository: 'owner/ayci', commit: COMMIT });
  });

  it.each(['{}', '{"workflow_repository":"owner/ayci"}', '{"workflow_repository":"o/a","workflow_sha":"main"}'])(
    'end the run where GitHub does not say it: %s',
    async (JOB) => {
      const done = await step("This workflow's own commit", { JOB });
      expect(done.code).not.toBe(0);
      expect(done.outputs).toEqual({});
    },
  );

  interface Leg {
    readonly runtime: string;
    readonly hardware: string;
    readonly platform: string;
    readonly runner: string;
    readonly targets: string;
    readonly own: string;
  }
  const legs = (done: Done): readonly Leg[] => JSON.parse(done.outputs.matrix ?? '').include;
  const shown = (done: Done): readonly string[] =>
    legs(done).map(({ runtime, hardware, targets }) => `${runtime} ${hardware} ${targets}`);

  it('make a job for each runtime and architecture', async () => {
    const done = await step('Inputs', INPUTS);
    expect(done.code, done.stdout + done.stderr).toBe(0);
    expect(done.outputs.version).toMatch(/^\d+\.\d+\.\d+-0123456789ab$/);
    const targets = 'serve convert';
    expect(legs(done)).toEqual([
      { runtime: 'onnx', hardware: 'x86_64', platform: 'linux/amd64', runner: 'ubuntu-24.04', targets, own: '' },
      { runtime: 'onnx', hardware: 'arm64', platform: 'linux/arm64', runner: 'ubuntu-24.04-arm', targets, own: '' },
    ]);
    expect(done.outputs).toMatchObject({ converters: 'onnx@x86_64,onnx@arm64', own: '', digest: '' });
  });

  it('let x86_64 convert for both, but for ONNX Runtime', async () => {
    const done = await step('Inputs', { ...INPUTS, RUNTIMES: 'onnx,pytorch,tvm' });
    expect(done.code, done.stdout + done.stderr).toBe(0);
    expect(shown(done)).toEqual([
      'onnx x86_64 serve convert',
      'onnx arm64 serve convert',
      'pytorch x86_64 serve convert',
      'pytorch arm64 serve',
      'tvm x86_64 serve convert',
      'tvm arm64 serve',
    ]);
    expect(done.outputs.converters).toBe('onnx@x86_64,onnx@arm64,pytorch@x86_64,tvm@x86_64');
    const arm = await step('Inputs', { ...INPUTS, RUNTIMES: 'onnx,pytorch', HARDWARE: 'arm64' });
    expect(shown(arm)).toEqual(['onnx arm64 serve convert', 'pytorch arm64 serve', 'pytorch x86_64 convert']);
    expect(arm.outputs.converters).toBe('onnx@arm64,pytorch@x86_64');
  });

  it.each([
    ['ACTION', 'destroy', 'action: expected'],
    ['STACK', 'Ayci; rm -rf /', 'stack: expected'],
    ['RUNTIMES', '../etc', 'runtimes: expected'],
    ['RUNTIMES', 'tensorrt', 'runtimes: there is no runtimes/tensorrt/app.py'],
    ['HARDWARE', 'x86', 'hardware: expected'],
    ['HARDWARE', '', 'hardware: expected'],
    ['HARDWARE', '*', 'hardware: expected'],
    ['HARDWARE', 'arm64,arm64', 'hardware: expected'],
  ])('end the run for %s = "%s"', async (name, value, message) => {
    const done = await step('Inputs', { ...INPUTS, [name]: value });
    expect(done.code).toBe(1);
    expect(done.stdout).toContain(`::error::${message}`);
    expect(done.outputs).toEqual({});
  });
});

const OWN = [
  `onnxruntime==1.23.2 ${hashOf('a')}`,
  `tensorflow==2.20.0 ; platform_machine == 'aarch64' ${hashOf('b')}`,
].join('\n');
const OWN_PATH = '.github/own.txt';

describe('a user’s own versions', () => {
  const inputs = { ...INPUTS, RUNTIMES: 'onnx,pytorch,tensorflow', REQUIREMENTS: OWN_PATH };

  it('count for the runtimes whose library they pin, and tell their images apart', async () => {
    const done = await step('Inputs', inputs, EMPTY, { [OWN_PATH]: OWN });
    expect(done.code, done.stdout + done.stderr).toBe(0);
    const digest = createHash('sha256').update(OWN).digest('hex').slice(0, 12);
    expect(done.outputs).toMatchObject({ own: 'onnx,tensorflow', digest });
    const { include } = JSON.parse(done.outputs.matrix ?? '') as {
      readonly include: readonly Record<string, string>[];
    };
    expect([...new Set(include.map(({ runtime, own }) => `${runtime} ${own}`))]).toEqual([
      `onnx -${digest}`,
      'pytorch ',
      `tensorflow -${digest}`,
    ]);
    expect(done.stdout).toContain('onnx on arm64: onnxruntime 1.23.2\n');
    expect(done.stdout).toContain('tensorflow on x86_64: tensorflow 2.21.0\n');
    expect(done.stdout).toContain('tensorflow on arm64: tensorflow 2.20.0\n');
  });

  it.each<[what: string, env: Readonly<Record<string, string>>, text: string, said: string]>([
    ['a path that leads out', { REQUIREMENTS: '../own.txt' }, OWN, 'expected a path in this repository'],
    ['a path through the folder itself', { REQUIREMENTS: '.github/./own.txt' }, OWN, 'expected a path in this'],
    ['an absolute path', { REQUIREMENTS: '/etc/passwd' }, OWN, 'expected a path in this repository'],
    ['a pattern', { REQUIREMENTS: '*' }, OWN, 'expected a path in this repository'],
    ['lines', { REQUIREMENTS: `${OWN_PATH}\nx` }, OWN, 'expected a path in this repository'],
    ['a file that is not there', { REQUIREMENTS: 'own.txt' }, OWN, 'this commit has no file own.txt'],
    ['a folder', { REQUIREMENTS: '.github' }, OWN, 'this commit has no file .github'],
    [
      'a line that pins nothing',
      {},
      `${OWN}\n--index-url https://x/%0A::error::planted`,
      `${OWN_PATH}: line 3 is no hash-pinned package, got "--index-url https://x/%250A::error::planted"; expected lines`,
    ],
    ['nothing', {}, '', `${OWN_PATH}: pins none of apache-tvm, `],
    [
      'libraries that are not deployed',
      { RUNTIMES: 'pytorch' },
      OWN,
      `${OWN_PATH} pins the library of onnx,tensorflow, got runtimes pytorch; name it there`,
    ],
    ['two versions', {}, `${OWN}\ntensorflow-cpu==2.1 ${hashOf('c')}`, `${OWN_PATH}: pins tensorflow more than once`],
  ])('end the run for %s', async (_, env, text, said) => {
    const done = await step('Inputs', { ...inputs, ...env }, EMPTY, { [OWN_PATH]: text });
    expect(done.code).toBe(1);
    const told = done.stdout.split('\n').filter((line) => line.startsWith('::'));
    expect(told).toEqual([expect.stringContaining(`::error::runtime-requirements: ${said}`)]);
    expect(done.outputs).toEqual({});
  });

  it('are not asked for where the stack is taken down', async () => {
    const done = await step('Inputs', { ...inputs, ACTION: 'tear-down' });
    expect(done.code, done.stdout).toBe(0);
    expect(done.outputs).toMatchObject({ own: '', digest: '' });
  });
});

const VERSION = '0.1.0-0123456789ab';
const DIGEST = 'fedcba987654';
const REGISTRY = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';

describe('the images', () => {
  const env = {
    ...{ HARDWARE: 'arm64', PLATFORM: 'linux/arm64', RUNTIME: 'onnx', TARGETS: 'serve convert', VERSION },
    ...{ OWN: '', OWN_FILE: 'caller/' },
  };

  it('are built and pushed, one to serve and one to convert, as single images', async () => {
    const done = await step('Build and push what the registry does not have', env);
    expect(done.code, done.stdout + done.stderr).toBe(0);
    const build = (target: string, repository: string): readonly string[] => [
      ...['buildx', 'build', '--platform', 'linux/arm64', '--provenance=false', '--sbom=false', '--push'],
      ...['--file', 'runtimes/Dockerfile', '--build-arg', 'RUNTIME=onnx', '--target', target],
      ...['--tag', `${REGISTRY}/${repository}:${VERSION}-arm64`, 'runtimes'],
    ];
    expect(done.docker).toEqual([
      ['login', '--username', 'AWS', '--password-stdin', REGISTRY],
      build('serve', 'ayci/onnx'),
      build('convert', 'ayci/onnx-convert'),
    ]);
    expect(done.own).toBeNull();
    const dockerfile = readFileSync(join(ROOT, 'runtimes/Dockerfile'), 'utf8');
    for (const target of ['serve', 'convert']) expect(dockerfile).toMatch(new RegExp(`^FROM .+ AS ${target}$`, 'm'));
  });

  it('that are there are not built again: their tags cannot be moved', async () => {
    const images = { [`ayci/onnx:${VERSION}-arm64`]: `sha256:${'a'.repeat(64)}` };
    const done = await step('Build and push what the registry does not have', env, { ...EMPTY, images });
    expect(done.code, done.stdout + done.stderr).toBe(0);
    const [, ...built] = done.docker;
    expect(built.map((args) => args.find((arg) => arg.includes('/ayci/')))).toEqual([
      `${REGISTRY}/ayci/onnx-convert:${VERSION}-arm64`,
    ]);
  });

  it('of a user’s own versions are built with their file, whatever other images are there', async () => {
    const images = {
      [`ayci/onnx:${VERSION}-arm64`]: `sha256:${'a'.repeat(64)}`,
      [`ayci/onnx-convert:${VERSION}-arm64-${DIGEST}`]: `sha256:${'b'.repeat(64)}`,
    };
    const own = { ...env, OWN: `-${DIGEST}`, OWN_FILE: `caller/${OWN_PATH}` };
    const name = 'Build and push what the registry does not have';
    const done = await step(name, own, { ...EMPTY, images }, { [OWN_PATH]: OWN });
    expect(done.code, done.stdout + done.stderr).toBe(0);
    const [, ...built] = done.docker;
    expect(built.map((args) => args.find((arg) => arg.includes('/ayci/')))).toEqual([
      `${REGISTRY}/ayci/onnx:${VERSION}-arm64-${DIGEST}`,
    ]);
    expect(built[0]?.at(-1)).toBe('runtimes');
    expect(done.own).toBe(OWN);
  });
});

const DIGESTS: Readonly<Record<string, string>> = {
  [`ayci/onnx:${VERSION}-x86_64`]: `sha256:${'a'.repeat(64)}`,
  [`ayci/onnx:${VERSION}-arm64`]: `sha256:${'b'.repeat(64)}`,
  [`ayci/onnx-convert:${VERSION}-x86_64`]: `sha256:${'c'.repeat(64)}`,
  [`ayci/onnx-convert:${VERSION}-arm64`]: `sha256:${'d'.repeat(64)}`,
};
const DIGEST_1 = `sha256:${'1'.repeat(64)}`;
const DEPLOY = {
  CONVERTERS: 'onnx@x86_64,onnx@arm64',
  CONVERTER_MEMORY_MB: '3008',
  FUNCTION_ROLE: 'arn:aws:iam::123456789012:role/ayci-function',
  HARDWARE: 'x86_64,arm64',
  MEMORY_SIZES: '512,1769',
  OWN: '',
  OWN_DIGEST: '',
  OWN_FILE: '',
  RUNTIMES: 'onnx',
  STACK: 'ayci',
  VERSION,
};

/** What CloudFormation was asked to make, by its own name of the parameter. */
function parametersOf({ recorded }: Done): Readonly<Record<string, string>> {
  const asked = recorded.find(({ action }) => action === 'cloudformation:CreateChangeSet')?.parameters ?? {};
  const keys = Object.entries(asked).filter(([name]) => /^Parameters\.member\.\d+\.ParameterKey$/.test(name));
  return Object.fromEntries(
    keys
      .map(([name, key]) => [key, asked[name.replace(/Key$/, 'Value')]] as const)
      .filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}

describe('the deployment', () => {
  it('makes functions of the images that were built, each by its digest', async () => {
    const done = await step('Deploy', DEPLOY, { ...EMPTY, images: DIGESTS });
    expect(done.code, done.stdout + done.stderr).toBe(0);
    const made = functionsOf(resolveTemplate(join(ROOT, 'runtimes/template.yaml'), parametersOf(done)));
    const images = made.map(({ name, imageUri, memoryMb }) => [name, imageUri, memoryMb]);
    const image = (repository: string, architecture: string): string =>
      `${REGISTRY}/ayci/${repository}@${DIGESTS[`ayci/${repository}:${VERSION}-${architecture}`]}`;
    expect(images).toEqual([
      ...['x86_64', 'arm64'].flatMap((architecture) => [
        [`ayci-onnx-${architecture}-512`, image('onnx', architecture), 512],
        [`ayci-onnx-${architecture}-1769`, image('onnx', architecture), 1769],
      ]),
      ...['x86_64', 'arm64'].map((architecture) => [
        `ayci-onnx-convert-${architecture}`,
        image('onnx-convert', architecture),
        3008,
      ]),
    ]);
  });

  it('takes the images of each runtime, and of converters those that were built', async () => {
    const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
    const images = {
      [`ayci/pytorch:${VERSION}-arm64`]: digest('1'),
      [`ayci/tvm:${VERSION}-arm64`]: digest('2'),
      [`ayci/pytorch-convert:${VERSION}-x86_64`]: digest('3'),
      [`ayci/tvm-convert:${VERSION}-x86_64`]: digest('4'),
    };
    const env = {
      ...DEPLOY,
      RUNTIMES: 'pytorch,tvm',
      HARDWARE: 'arm64',
      MEMORY_SIZES: '1769',
      CONVERTERS: 'pytorch@x86_64,tvm@x86_64',
    };
    const done = await step('Deploy', env, { ...EMPTY, images });
    expect(done.code, done.stdout + done.stderr).toBe(0);
    const made = functionsOf(resolveTemplate(join(ROOT, 'runtimes/template.yaml'), parametersOf(done)));
    expect(made.map(({ name, architectures, imageUri }) => [name, architectures, imageUri.split('/').at(-1)])).toEqual([
      ['ayci-pytorch-arm64-1769', ['arm64'], `pytorch@${digest('1')}`],
      ['ayci-tvm-arm64-1769', ['arm64'], `tvm@${digest('2')}`],
      ['ayci-pytorch-convert-x86_64', ['x86_64'], `pytorch-convert@${digest('3')}`],
      ['ayci-tvm-convert-x86_64', ['x86_64'], `tvm-convert@${digest('4')}`],
    ]);
  });

  /** Names of the versions, by function. */
  const versionsOf = (done: Done): Readonly<Record<string, string | undefined>> =>
    Object.fromEntries(
      functionsOf(resolveTemplate(join(ROOT, 'runtimes/template.yaml'), parametersOf(done))).map(({ name, tags }) => [
        name,
        tags[VERSION_TAG],
      ]),
    );
  const onnxAndTensorflow = {
    ...DEPLOY,
    ...{ RUNTIMES: 'onnx,tensorflow', MEMORY_SIZES: '1769', CONVERTERS: 'onnx@x86_64,onnx@arm64,tensorflow@x86_64' },
  };
  const imagesOf = (suffix: string): Readonly<Record<string, string>> =>
    Object.fromEntries(
      ['onnx', 'onnx-convert', 'tensorflow', 'tensorflow-convert'].flatMap((repository) =>
        ['x86_64', 'arm64'].map((hardware) => {
          const tag = `ayci/${repository}:${VERSION}-${hardware}${suffix}`;
          return [tag, `sha256:${createHash('sha256').update(tag).digest('hex')}`];
        }),
      ),
    );

  it('says the versions of the locks, also where an earlier one gave others', async () => {
    const done = await step('Deploy', onnxAndTensorflow, { ...EMPTY, images: imagesOf('') });
    expect(done.code, done.stdout + done.stderr).toBe(0);
    // What is not given stays as it was in the stack: every one is given.
    expect(parametersOf(done)).toMatchObject({
      Versiononnxx8664: 'onnxruntime 1.32.0',
      Versiononnxarm64: 'onnxruntime 1.32.0',
      Versiontensorflowx8664: 'tensorflow 2.21.0',
      Versiontensorflowarm64: 'tensorflow 2.21.0',
    });
  });

  it('takes the images of a user’s own versions where these apply, and says those versions', async () => {
    const own = `-${DIGEST}`;
    const images = { ...imagesOf(''), ...imagesOf(own) };
    const env = {
      ...{ ...onnxAndTensorflow, RUNTIMES: 'onnx,pytorch,tensorflow', OWN: 'onnx,tensorflow', OWN_DIGEST: DIGEST },
      OWN_FILE: `caller/${OWN_PATH}`,
    };
    const pytorch = { [`ayci/pytorch:${VERSION}-x86_64`]: DIGEST_1, [`ayci/pytorch:${VERSION}-arm64`]: DIGEST_1 };
    const account = { ...EMPTY, images: { ...images, ...pytorch } };
    const done = await step('Deploy', env, account, { [OWN_PATH]: OWN });
    expect(done.code, done.stdout + done.stderr).toBe(0);
    const given = parametersOf(done);
    expect(given.Imageonnxarm64).toBe(`${REGISTRY}/ayci/onnx@${images[`ayci/onnx:${VERSION}-arm64${own}`]}`);
    expect(given.Imagepytorcharm64).toBe(`${REGISTRY}/ayci/pytorch@${DIGEST_1}`);
    expect(given.ConverterImagetensorflowx8664).toBe(
      `${REGISTRY}/ayci/tensorflow-convert@${images[`ayci/tensorflow-convert:${VERSION}-x86_64${own}`]}`,
    );
    expect(versionsOf(done)).toEqual({
      'ayci-onnx-x86_64-1769': 'onnxruntime 1.23.2',
      'ayci-onnx-arm64-1769': 'onnxruntime 1.23.2',
      'ayci-onnx-convert-x86_64': 'onnxruntime 1.23.2',
      'ayci-onnx-convert-arm64': 'onnxruntime 1.23.2',
      'ayci-pytorch-x86_64-1769': 'torch 2.13.0+cpu',
      'ayci-pytorch-arm64-1769': 'torch 2.13.0+cpu',
      'ayci-tensorflow-x86_64-1769': 'tensorflow 2.21.0',
      'ayci-tensorflow-arm64-1769': 'tensorflow 2.20.0',
      'ayci-tensorflow-convert-x86_64': 'tensorflow 2.21.0',
    });
  });

  it.each([
    ['', `-${DIGEST}`],
    [`-${DIGEST}`, ''],
    [`-${DIGEST}`, '-0123456789ab'],
  ])('takes no image of other versions: wanted "%s", there "%s"', async (wanted, there) => {
    const own = wanted === '' ? {} : { OWN: 'onnx', OWN_DIGEST: DIGEST, OWN_FILE: `caller/${OWN_PATH}` };
    const account = { ...EMPTY, images: imagesOf(there) };
    const done = await step('Deploy', { ...DEPLOY, ...own }, account, { [OWN_PATH]: OWN });
    expect(done.code).toBe(1);
    expect(done.stdout).toContain(`::error::ayci/onnx has no image ${VERSION}-x86_64${wanted}\n`);
    expect(done.recorded.filter(({ action }) => action.startsWith('cloudformation:'))).toEqual([]);
  });

  it('ends before it touches the stack where an image is missing', async () => {
    const { [`ayci/onnx-convert:${VERSION}-arm64`]: _, ...images } = DIGESTS;
    const done = await step('Deploy', DEPLOY, { ...EMPTY, images });
    expect(done.code).toBe(1);
    expect(done.stdout).toContain(`::error::ayci/onnx-convert has no image ${VERSION}-arm64`);
    expect(done.recorded.filter(({ action }) => action.startsWith('cloudformation:'))).toEqual([]);
  });

  it('asks each function of the stack what it is, and nothing else', async () => {
    const functions = ['ayci-onnx-convert-arm64', 'ayci-onnx-arm64-512', 'ayci-onnx-arm64-1769'];
    const done = await step('Ask each function what it is', { STACK: 'ayci' }, { ...EMPTY, functions });
    expect(done.code, done.stdout + done.stderr).toBe(0);
    const asked = done.recorded.flatMap(({ action, parameters }) =>
      action === 'lambda:InvokeFunction' ? [parameters.FunctionName] : [],
    );
    expect(asked.sort()).toEqual([...functions].sort());
  });

  it('asks for the user’s own versions where they apply', async () => {
    const env = { STACK: 'ayci', OWN_FILE: `caller/${OWN_PATH}` };
    const account = { ...EMPTY, functions: ['ayci-onnx-arm64-512'] };
    const done = await step('Ask each function what it is', env, account, { [OWN_PATH]: OWN });
    expect(done.code).not.toBe(0);
    expect(done.stdout).toContain(
      `it runs onnxruntime 1.32.0, which is not the version in runtimes/onnx/requirements.txt and caller/${OWN_PATH}`,
    );
  });

  it('fails where the stack has no function', async () => {
    const done = await step('Ask each function what it is', { STACK: 'ayci' });
    expect(done.code).not.toBe(0);
    expect(done.stderr).toContain('no function is named');
  });

  it('is taken down whole', async () => {
    const done = await step('Delete the stack of functions', { STACK: 'ayci' });
    expect(done.code, done.stdout + done.stderr).toBe(0);
    expect(done.recorded.map(({ action }) => action)).toEqual([
      'cloudformation:DeleteStack',
      'cloudformation:DescribeStacks',
    ]);
  });

  it('asks AWS for nothing that its role may not do', async () => {
    const { resources } = resolveTemplate(join(ROOT, 'runtimes/bootstrap.yaml'), {
      Repositories: 'octo-org/detector@11@22',
    });
    const policy = resources.DeployPolicy?.Properties.PolicyDocument as unknown as PolicyDocument;
    const account = { images: DIGESTS, functions: ['ayci-onnx-arm64-1769'] };
    const build = {
      ...{ HARDWARE: 'arm64', PLATFORM: 'linux/arm64', RUNTIME: 'onnx', TARGETS: 'serve convert', VERSION },
      ...{ OWN: '', OWN_FILE: 'caller/' },
    };
    const all = [
      await step('Build and push what the registry does not have', build, account),
      await step('Deploy', DEPLOY, account),
      await step('Ask each function what it is', { STACK: 'ayci' }, account),
      await step('Delete the stack of functions', { STACK: 'ayci' }, account),
    ];
    const arn = (service: string, rest: string): string => `arn:aws:${service}:eu-west-1:123456789012:${rest}`;
    const refused = all
      .flatMap(({ recorded }) => recorded)
      .filter(({ action, parameters }) => {
        // Needs no permission.
        if (action === 'sts:GetCallerIdentity') return false;
        const [service = ''] = action.split(':');
        const on: Readonly<Record<string, string>> = {
          ecr: arn('ecr', `repository/${JSON.parse(parameters.repositoryName ?? '""')}`),
          cloudformation: arn('cloudformation', `stack/${parameters.StackName ?? 'ayci'}/0123`),
          lambda: arn('lambda', `function:${parameters.FunctionName}`),
        };
        const resource = action === 'ecr:GetAuthorizationToken' ? '*' : (on[service] ?? '');
        return !allows(policy, action, resource);
      });
    expect(refused).toEqual([]);
    const called = new Set(all.flatMap(({ recorded }) => recorded.map(({ action }) => action)));
    expect([...called].filter((action) => action !== 'sts:GetCallerIdentity').sort()).toEqual([
      'cloudformation:CreateChangeSet',
      'cloudformation:DeleteStack',
      'cloudformation:DescribeChangeSet',
      'cloudformation:DescribeStacks',
      'cloudformation:ExecuteChangeSet',
      'cloudformation:ListStackResources',
      'ecr:BatchGetImage',
      'ecr:GetAuthorizationToken',
      'lambda:InvokeFunction',
    ]);
  });
});
