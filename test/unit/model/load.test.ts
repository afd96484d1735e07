import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { squeezenet } from '../../../src/demo/squeezenet.ts';
import { AyciError, explain } from '../../../src/errors.ts';
import { loadFromGit } from '../../../src/model/git.ts';
import { keyOf, loadKept, loadModel } from '../../../src/model/load.ts';
import { readNpy } from '../../../src/model/npy.ts';
import { readOnnx } from '../../../src/model/onnx.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { tinyOnnx } from '../../support/onnx.ts';

async function refusal(work: Promise<unknown>): Promise<AyciError> {
  const thrown = await work.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(thrown instanceof AyciError)) throw new Error(`no AyciError: ${String(thrown)}`);
  return thrown;
}

describe('an ONNX file', () => {
  it('tells its inputs, outputs and operators', () => {
    const facts = readOnnx(squeezenet(0));
    expect(facts.signature).toEqual({
      inputs: [{ name: 'image', dtype: 'float32', dims: ['batch', 3, 224, 224] }],
      outputs: ['logits'],
    });
    expect(facts.operators).toMatchObject({ Conv: 26, Relu: 25, MaxPool: 3 });
    expect(facts).toMatchObject({ parameters: 1_231_552 });
  });

  it('tells external data, those in attributes too', () => {
    expect(readOnnx(tinyOnnx({ external: ['b.bin', 'a.bin'], hidden: 'c.bin' })).externalData).toEqual([
      'a.bin',
      'b.bin',
      'c.bin',
    ]);
  });

  it.each([
    ['a negative dimension', { inputs: [{ name: 'x', dims: [-7, 3] }] }, 'dimension of -7'],
    ['an absurd dimension', { inputs: [{ name: 'x', dims: [2_000_000_000_000] }] }, 'dimension of 2000000000000'],
    ['complex numbers', { inputs: [{ name: 'x', type: 14, dims: [1] }] }, 'element type 14'],
    ['no opset', { opset: false }, 'ends before its opset'],
  ])('with %s is refused', (_name, model, part) => {
    expect(() => readOnnx(tinyOnnx(model))).toThrow(part);
  });

  it('cut anywhere is refused, never misread', () => {
    const whole = tinyOnnx();
    for (let length = 0; length < whole.length; length += 1)
      expect(() => readOnnx(whole.subarray(0, length))).toThrow();
    expect(() => readOnnx(whole)).not.toThrow();
  });
});

it('an ONNX file beyond 2 GiB is refused: protobuf reads no more', async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'm.onnx');
  await writeFile(path, tinyOnnx());
  await truncate(path, 2 ** 31);
  expect(explain(await refusal(loadModel(path, '--model')))).toBe(
    `--model: ${JSON.stringify(path)} has 2147483648 bytes; expected at most 2147483647 in one protobuf file. Save the weights beside it: onnx.save_model(model, path, save_as_external_data=True).`,
  );
});

describe("a model's key", () => {
  it('is the SHA-256 and size of its one file, whatever its name', async () => {
    await using folder = await temporaryFolder();
    const bytes = tinyOnnx();
    const hash = createHash('sha256').update(bytes).digest('hex');
    for (const name of ['a.onnx', 'b $(x) `;|<script>\n.onnx']) {
      await writeFile(join(folder.path, name), bytes);
      expect((await loadModel(join(folder.path, name), '--model')).key).toBe(`${hash}-${bytes.length}`);
    }
  });

  it('covers external data', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'm.onnx');
    await mkdir(join(folder.path, 'sub'));
    await writeFile(path, tinyOnnx({ external: ['sub/w.bin'] }));
    await writeFile(join(folder.path, 'sub', 'w.bin'), 'one');
    const before = await loadModel(path, '--model');
    await writeFile(join(folder.path, 'sub', 'w.bin'), 'two');
    const after = await loadModel(path, '--model');
    expect(before.key).not.toBe(after.key);
    expect(before.files.map((file) => file.path)).toEqual(['model.onnx', 'sub/w.bin']);
    expect(before.key).toMatch(new RegExp(`-${tinyOnnx({ external: ['sub/w.bin'] }).length + 3}$`));
  });
});

it('external data of many spellings are one file, by its plain path', async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'm.onnx');
  await writeFile(join(folder.path, 'w ü.bin'), 'data');
  const external = Array.from({ length: 500 }, (_, at) => `${'./'.repeat(at)}w ü.bin`);
  await writeFile(path, tinyOnnx({ external }));
  expect((await loadModel(path, '--model')).files.map((file) => file.path)).toEqual(['model.onnx', 'w ü.bin']);
});

it('a model of 1,500 files of external data is read', async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'm.onnx');
  const external = Array.from({ length: 1500 }, (_, at) => `w${at}`);
  await Promise.all(external.slice(0, 500).map((name) => writeFile(join(folder.path, name), name)));
  for (const name of external.slice(500, 1000)) await link(join(folder.path, 'w0'), join(folder.path, name));
  for (const name of external.slice(1000)) await symlink('w1', join(folder.path, name));
  await writeFile(path, tinyOnnx({ external }));
  const { files } = await loadModel(path, '--model');
  expect(files).toHaveLength(1501);
  const hashOf = (name: string) => files.find((file) => file.path === name)?.sha256;
  expect(hashOf('w1400')).toBe(createHash('sha256').update('w1').digest('hex'));
});

it('a model that was kept with two files of one path is refused', async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'm.onnx');
  await writeFile(path, tinyOnnx());
  const { files, entry } = await loadModel(path, '--model');
  const twice = [...files, ...files];
  const thrown = await refusal(loadKept(twice, entry, keyOf(twice), '--baseline'));
  expect(thrown.message).toContain('two of its files have one path');
});

describe("a user's own data", () => {
  const npy = (header: string): Buffer => {
    const line = `${header.padEnd(117)}\n`;
    return Buffer.concat([
      Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
      Buffer.from([line.length, 0]),
      Buffer.from(line),
    ]);
  };
  it.each([
    ['a folder', null, 'is no regular file; expected a .npy file'],
    ['none', undefined, 'no file'],
    ['text', Buffer.from('1 2 3 4 5 6 7 8'), 'is not a .npy file'],
    [
      'a header cut short',
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }").subarray(0, 80),
      'is not a',
    ],
    [
      'records',
      npy("{'descr': [('a', '<f4', (2,)), ('b', '|O')], 'fortran_order': False, 'shape': (3,), }"),
      'holds records (a structured array); expected numbers',
    ],
  ])('%s is refused', async (_name, content, part) => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'x.npy');
    if (content === null) await mkdir(path);
    else if (content !== undefined) await writeFile(path, content);
    expect((await refusal(readNpy('x', path))).message).toContain(part);
  });

  it('is known by its header and its bytes', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'x.npy');
    const content = Buffer.concat([
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"),
      Buffer.alloc(24),
    ]);
    await writeFile(path, content);
    const sha256 = createHash('sha256').update(content).digest('hex');
    expect(await readNpy('x', path)).toMatchObject({
      descr: '<f4',
      shape: [2, 3],
      fill: { kind: 'file', sha256, size: content.length },
    });
  });
});

describe('what is not a model', () => {
  const cases: readonly [string, string, Uint8Array | string, string][] = [
    ['an empty file', 'm.onnx', '', 'is empty'],
    ['a truncated one', 'm.onnx', squeezenet(0).subarray(0, 100_000), 'Is the file whole?'],
    ['random bytes', 'm.onnx', new Uint8Array(500).map((_, at) => (at * 137 + 11) % 251), 'not an ONNX model'],
    [
      'a Git LFS pointer',
      'm.onnx',
      'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n',
      'run git lfs pull',
    ],
    ['another type', 'm.txt', tinyOnnx(), 'unknown file type'],
    ['a pickle', 'm.onnx', new Uint8Array([0x80, 4, 0x95, 1, 2, 3]), 'never loads pickles'],
    ['a pickle by another name', 'm.pkl', new Uint8Array([0x80, 5, 0x95, 1, 2, 3]), 'never loads pickles'],
    ['a PyTorch checkpoint', 'm.pt', 'PK\u0003\u0004rest', 'zip archive'],
    ['a DVC pointer', 'm.onnx', 'outs:\n- md5: 0', 'text file'],
  ];
  it.each(cases)('%s', async (_name, file, content, part) => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, file), content);
    const error = await refusal(loadModel(join(folder.path, file), '--model'));
    expect(explain(error).toLowerCase()).toContain(part.toLowerCase());
    expect(explain(error)).toMatch(/^--model: /);
  });

  it('a missing file, a folder', async () => {
    await using folder = await temporaryFolder();
    expect((await refusal(loadModel(join(folder.path, 'x.onnx'), '--model'))).message).toContain('no file');
    expect((await refusal(loadModel(folder.path, '--model'))).message).toContain('is a folder');
  });

  it("external data outside the model's folder, by path or by link, or missing", async () => {
    await using folder = await temporaryFolder();
    const models = join(folder.path, 'models');
    await mkdir(models);
    await writeFile(join(folder.path, 'secret'), 'secret');
    await symlink('../secret', join(models, 'link'));
    await mkdir(join(models, 'sub'));
    await writeFile(join(models, 'model.onnx'), tinyOnnx({ inputs: [{ name: 'other', dims: [1] }] }));
    for (const [location, part] of [
      ['../secret', 'outside'],
      ['/etc/passwd', 'outside'],
      ['link', 'outside'],
      ['gone', 'is missing'],
      ['sub', 'is no regular file'],
      ['model.onnx', 'has the name of the model where it is opened'],
      ['MODEL.onnx/w', 'has the name of the model where it is opened'],
    ] as const) {
      await writeFile(join(models, 'm.onnx'), tinyOnnx({ external: [location] }));
      expect((await refusal(loadModel(join(models, 'm.onnx'), '--model'))).message).toContain(part);
    }
  });
});

describe('a pickle', () => {
  it('never runs, in a model or in data', async () => {
    await using folder = await temporaryFolder();
    const proof = join(folder.path, 'ran');
    const script = `
import pickle
class Evil:
    def __reduce__(self): return (open, (${JSON.stringify(proof)}, 'w'))
pickle.dump(Evil(), open('evil.onnx', 'wb'))
`;
    execFileSync('python3', ['-c', script], { cwd: folder.path });
    expect((await refusal(loadModel(join(folder.path, 'evil.onnx'), '--model'))).message).toContain('pickle');
    const header = `${"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".padEnd(117)}\n`;
    const npy = Buffer.concat([
      Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
      Buffer.from([header.length, 0]),
      Buffer.from(header, 'latin1'),
    ]);
    await writeFile(join(folder.path, 'evil.npy'), npy);
    expect((await refusal(readNpy('x', join(folder.path, 'evil.npy')))).message).toContain('never unpickles');
    expect(existsSync(proof)).toBe(false);
  });
});

describe('a baseline by git', () => {
  const git = (cwd: string, ...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.invalid', ...args], {
      cwd,
      encoding: 'utf8',
    });

  it('is the same path at that commit, external data and all', async () => {
    await using folder = await temporaryFolder();
    await using into = await temporaryFolder();
    const repo = folder.path;
    git(repo, 'init', '-q', '-b', 'main');
    await mkdir(join(repo, 'a b'));
    await writeFile(join(repo, 'a b', 'm.onnx'), tinyOnnx({ external: ['w.bin'] }));
    await writeFile(join(repo, 'a b', 'w.bin'), 'old');
    git(repo, 'add', '-A');
    git(repo, 'commit', '-qm', 'one');
    await writeFile(join(repo, 'a b', 'w.bin'), 'new');
    const path = join(repo, 'a b', 'm.onnx');
    const before = await loadFromGit('HEAD', path, into.path, '--baseline');
    const after = await loadModel(path, '--model');
    expect(before?.path).toBe('HEAD:a b/m.onnx');
    expect(before?.key).not.toBe(after.key);
    git(repo, 'commit', '-qam', 'two');
    await using again = await temporaryFolder();
    expect((await loadFromGit('main', path, again.path, '--baseline'))?.key).toBe(after.key);
  });

  it('is null where the model is new, an error where the commit is unknown', async () => {
    await using folder = await temporaryFolder();
    git(folder.path, 'init', '-q', '-b', 'main');
    git(folder.path, 'commit', '-q', '--allow-empty', '-m', 'empty');
    const path = join(folder.path, 'm.onnx');
    await writeFile(path, tinyOnnx());
    expect(await loadFromGit('HEAD', path, folder.path, '--baseline')).toBeNull();
    expect((await refusal(loadFromGit('nowhere', path, folder.path, '--baseline'))).message).toContain(
      'git does not know "nowhere"',
    );
  });
});
