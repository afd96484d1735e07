import { join } from 'node:path';
import { expect, it } from 'vitest';
import { command } from '../../support/command.ts';
import { ROOT } from '../../support/program.ts';

const ruff = join(process.env.AYCI_TEST_LINT ?? '', 'ruff');

it.each([
  ['finds nothing in the Python of runtimes, tests and benchmarks', ['check', '--no-cache']],
  ['would format nothing otherwise', ['format', '--no-cache', '--check']],
])('ruff %s', async (_, args) => {
  const ran = await command(ruff, [...args, ROOT], { PATH: process.env.PATH ?? '' });
  expect(ran.stdout + ran.stderr).toMatch(/^(All checks passed!|\d+ files already formatted)$/m);
  expect(ran.code).toBe(0);
});
