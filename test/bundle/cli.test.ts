import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { INPUT_NAMES } from '../../src/inputs/table.ts';
import { temporaryFolder } from '../support/folder.ts';
import { tinyOnnx } from '../support/onnx.ts';
import { ran } from '../support/program.ts';

describe('ayci', () => {
  it('--help names every option and the exit codes', async () => {
    await using folder = await temporaryFolder();
    const { code, stdout, stderr } = await ran('cli', ['--help'], folder.path);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    for (const name of INPUT_NAMES) expect(stdout).toContain(`--${name} `);
    expect(stdout).toContain('Exit: 0 good, 1 the gate failed, 2 wrong usage or input, 3 could not measure.');
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(130);
  });

  it('--version is that of the package', async () => {
    await using folder = await temporaryFolder();
    expect((await ran('cli', ['--version'], folder.path)).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  const wrong: readonly [string, readonly string[], string][] = [
    ['no command', [], ''],
    ['an unknown command', ['rnu'], 'Did you mean run?'],
    ['an unknown option', ['run', '--modle', 'x'], 'Did you mean --model?'],
    ['no model', ['run'], '--model: is missing'],
    ['a missing file', ['run', '--model', 'none.onnx'], '--model: no file "none.onnx"'],
    ['memory 127', ['run', '--model', 'm.onnx', '--memory', '127'], '--memory: is outside 128 to 10240, got "127"'],
    ['a limit without %', ['run', '--model', 'm.onnx', '--max-latency-regression', '5'], 'would mean 500 %'],
    [
      'an unknown region',
      ['run', '--model', 'm.onnx', '--aws-region', 'x'],
      '--aws-region: is not an AWS region, got "x"',
    ],
    ['a contradicting shape', ['run', '--model', 'm.onnx', '--input-shape', 'x=1x4'], '3 in dimension 1'],
    ['an input that is not there', ['plan', '--model', 'm.onnx', '--input-range', 'z=0:5'], 'no input "z"'],
    ['data that are not there', ['run', '--model', 'm.onnx', '--input', 'x=@no.npy'], 'no file "no.npy"'],
    ['an empty model', ['run', '--model', 'empty.onnx'], 'is empty'],
    [
      'a baseline that is not there',
      ['run', '--model', 'm.onnx', '--baseline', 'b.onnx'],
      '--baseline: no file "b.onnx"',
    ],
    ['a path where options are expected', ['run', 'm.onnx'], '--model "m.onnx"'],
    ['show without a model', ['show'], 'takes one model'],
  ];
  it.each(wrong)('ends with 2 and one line for %s, and writes nothing', async (_name, args, part) => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'm.onnx'), tinyOnnx());
    await writeFile(join(folder.path, 'empty.onnx'), '');
    const before = await readdir(folder.path);
    const { code, stdout, stderr } = await ran('cli', args, folder.path);
    expect(code).toBe(2);
    expect(stderr).toContain(part);
    expect(stderr).not.toMatch(/\n\s+at /);
    if (args.length > 0) {
      expect(stdout).toBe('');
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    }
    expect(await readdir(folder.path)).toEqual(before);
  });

  it('plan tells the cells, measures nothing and writes nothing', async () => {
    await using folder = await temporaryFolder();
    const name = 'a $(touch x) `id`;|<b>.onnx';
    await writeFile(join(folder.path, name), tinyOnnx());
    const { code, stdout } = await ran(
      'cli',
      ['plan', '--model', name, '--memory', '1769,10240', '--batch', '1,8'],
      folder.path,
    );
    expect(code).toBe(0);
    expect(stdout).toContain(name);
    expect(stdout).toMatch(/Plan {7}4 cells/);
    expect(await readdir(folder.path)).toEqual([name]);
  });

  it('show says so where nothing is known', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'm.onnx'), tinyOnnx());
    const { code, stdout } = await ran('cli', ['show', 'm.onnx'], folder.path);
    expect(code).toBe(0);
    expect(stdout).toContain('Nothing is known of it');
  });
});
