import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { build } from '../../scripts/build.mjs';
import { temporaryFolder } from '../support/folder.ts';
import { ROOT } from '../support/program.ts';

async function contents(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.js')).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const)),
  );
}

it('dist/ is what the sources give, to the byte', async () => {
  await using folder = await temporaryFolder();
  await build(folder.path);
  const [made, committed] = [await contents(folder.path), await contents(`${ROOT}dist`)];
  expect(Object.keys(committed)).toEqual(Object.keys(made));
  for (const [name, text] of Object.entries(made))
    expect(committed[name] === text, `${name} differs: run npm run build`).toBe(true);
});
