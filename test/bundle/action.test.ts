import { readFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { INPUTS } from '../../src/inputs/table.ts';
import { temporaryFolder } from '../support/folder.ts';
import { tinyOnnx } from '../support/onnx.ts';
import { ROOT, ran } from '../support/program.ts';

const action = parse(readFileSync(`${ROOT}action.yml`, 'utf8')) as {
  inputs: Record<string, { default?: string; required: boolean; description: string }>;
  outputs: Record<string, unknown>;
  runs: { using: string; main: string };
};

describe('action.yml', () => {
  it('has the inputs of the table with their defaults, and runs what is committed', () => {
    expect(Object.keys(action.inputs)).toEqual(INPUTS.map((input) => input.name));
    for (const input of INPUTS) {
      expect(action.inputs[input.name]?.default ?? null).toBe(
        ('actionDefault' in input ? input.actionDefault : null) ?? input.default,
      );
      expect(action.inputs[input.name]?.description).toBe(input.doc);
    }
    expect(action.runs).toEqual({ using: 'node24', main: 'dist/action.js' });
    expect(Object.keys(action.outputs)).toContain('best-configuration');
  });
});

describe('the action', () => {
  /** As GitHub sets them: every input with its default. */
  const defaults = Object.fromEntries(
    INPUTS.map((input) => [`INPUT_${input.name.toUpperCase()}`, input.default ?? '']),
  );

  it.each([
    ['a missing model', {}, 'with: model: is missing or empty'],
    ['a model that is not there', { INPUT_MODEL: 'none.onnx' }, 'with: model: no file'],
    ['a misspelt input', { INPUT_MODEL: 'm.onnx', INPUT_MEMROY: '512' }, 'Did you mean memory?'],
    ['a malformed input', { INPUT_MODEL: 'm.onnx', INPUT_BATCH: '1e3' }, 'with: batch: is not a whole number'],
  ])('fails on %s with one error and writes nothing', async (_name, given, part) => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'm.onnx'), tinyOnnx());
    const { code, stdout } = await ran('action', [], folder.path, { ...defaults, ...given });
    expect(code).toBe(2);
    expect(stdout).toContain(`::error::${part.includes('Did') ? '' : part}`);
    expect(stdout).toContain(part);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .filter((line) => line.startsWith('::error')),
    ).toHaveLength(1);
    expect(await readdir(folder.path)).toEqual(['m.onnx']);
  });

  it('writes outputs and summary for a model that it need not measure', async () => {
    await using folder = await temporaryFolder();
    const name = 'we\n::error::ird.onnx';
    for (const file of [name, 'out', 'summary'])
      await writeFile(join(folder.path, file), file === name ? tinyOnnx() : '');
    const { code, stdout } = await ran('action', [], folder.path, {
      ...defaults,
      INPUT_MODEL: name,
      INPUT_BASELINE: name,
      GITHUB_OUTPUT: join(folder.path, 'out'),
      GITHUB_STEP_SUMMARY: join(folder.path, 'summary'),
    });
    expect(stdout).not.toMatch(/^::error/m);
    expect(code).toBe(0);
    expect(await readFile(join(folder.path, 'out'), 'utf8')).toMatch(/verdict<<(\S+)\npass\n\1/);
    expect(await readFile(join(folder.path, 'summary'), 'utf8')).toContain(
      '### ✅ `we\\n::error::ird.onnx` runs as before',
    );
  });
});
