import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderArchive } from '../../src/archive/folder.ts';
import { readHistory } from '../../src/archive/history.ts';
import { atRatio, flow } from '../support/flow.ts';
import { temporaryFolder } from '../support/folder.ts';
import { tinyOnnx } from '../support/onnx.ts';
import { scriptedLambda } from '../support/scripted-lambda.ts';

const SCOPE = { write: 'o/r/base', read: ['o/r/base'] };
const VANILLA = { optimizer: 'vanilla', baseline: 'archive:main' } as const;

/** Writes a model of its own bytes to the same path. */
async function version(model: string, name: string): Promise<void> {
  await writeFile(model, tinyOnnx({ inputs: [{ name, dims: ['N', 3] }] }));
}

describe('the history of the base branch', () => {
  it('grows with each run there, and what failed is not what others are judged by', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda(atRatio(1));
    const model = join(folder.path, 'm.onnx');
    const push = async (commit: string) =>
      flow(folder.path, lambda.target, { model, ...VANILLA }, { push: { branch: 'main', commit: commit.repeat(40) } });

    await version(model, 'a');
    const first = await push('1');
    expect(first.verdict).toBe('no-baseline');
    expect(first.run.notes.join()).toContain('no accepted model of main yet');
    const accepted = first.models[0]?.key;

    await version(model, 'b');
    lambda.script = atRatio(1.4);
    const second = await push('2');
    expect(second).toMatchObject({ verdict: 'regressed', gate: 'failed' });
    expect(second.models[0]?.baselineKey).toBe(accepted);

    await version(model, 'c');
    lambda.script = atRatio(1);
    const pull = await flow(folder.path, lambda.target, { model, ...VANILLA }, { pullRequest: true });
    expect(pull).toMatchObject({ verdict: 'pass' });
    expect(pull.models[0]?.baselineKey).toBe(accepted);

    const store = folderArchive(join(folder.path, 'archive'));
    const { entries } = await readHistory(store, SCOPE, 'main', model);
    expect(entries.map(({ commit, verdict, accepted: is }) => [commit, verdict, is])).toEqual([
      ['1'.repeat(40), 'no-baseline', true],
      ['2'.repeat(40), 'regressed', false],
    ]);
  });
});
