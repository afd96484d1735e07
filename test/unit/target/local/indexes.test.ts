import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { furtherIndexes } from '../../../../src/target/local/indexes.ts';
import { temporaryFolder } from '../../../support/folder.ts';

const CPU = ['numpy==2.4.6 --hash=sha256:00\ntorch==2.13.0+cpu \\\n    --hash=sha256:00\n'];
const signal = new AbortController().signal;

it("PyTorch's index is asked for builds that only it has, unless the user said where packages come from", async () => {
  await using folder = await temporaryFolder();
  const python = async (said: string): Promise<string> => {
    const path = join(folder.path, 'python');
    await writeFile(path, `#!/bin/sh\necho "${said}"\n`, { mode: 0o755 });
    return path;
  };
  const env = { PATH: '/usr/bin:/bin' };
  const asked = ['--extra-index-url', 'https://download.pytorch.org/whl/cpu'];
  expect(await furtherIndexes(CPU, await python("global.timeout='60'"), env, signal)).toEqual(asked);
  expect(await furtherIndexes(CPU, null, env, signal)).toEqual(asked);
  expect(await furtherIndexes(['onnxruntime==1.32.0 --hash=sha256:00'], null, env, signal)).toEqual([]);
  expect(await furtherIndexes(CPU, await python("global.index-url='https://mirror/simple'"), env, signal)).toEqual([]);
  for (const name of ['PIP_FIND_LINKS', 'PIP_INDEX_URL', 'UV_INDEX', 'UV_EXTRA_INDEX_URL'])
    expect(await furtherIndexes(CPU, null, { ...env, [name]: 'x' }, signal)).toEqual([]);
});
