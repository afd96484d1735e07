import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../support/folder.ts';
import { noise } from '../../support/measurements.ts';
import { expectReadable, runChild } from './killed.ts';

it('a folder is readable after a run was killed before or after any of its writes, and the next run completes it', async () => {
  await using folder = await temporaryFolder();
  const scratch = await mkdtemp(join(folder.path, 'scratch-'));
  let ended = 0;
  for (let at = 1; ended === 0; at += 1) {
    for (const when of ['before', 'after'] as const) {
      const place = { kind: 'folder', path: join(folder.path, `archive-${at}-${when}`) } as const;
      const first = await runChild({ place, run: 'first', scratch, what: 'all', die: { at, when } });
      await expectReadable(place, 'first', first, scratch);
      if (first.signal === null) ended = at;
      else expect(first.signal).toBe('SIGKILL');
      const second = await runChild({ place, run: 'second', scratch, what: 'all', die: null });
      expect(second).toMatchObject({ code: 0, said: ['1', '2', '3', 'done'] });
      await expectReadable(place, 'second', second, scratch);
    }
  }
  // Three of results, two files and a manifest, a converted file and its manifest, the history: then nothing to die at.
  expect(ended).toBe(10);
});

it('a folder is readable after runs were killed at any time', async () => {
  await using folder = await temporaryFolder();
  const normal = noise(7);
  const place = { kind: 'folder', path: join(folder.path, 'archive') } as const;
  const scratch = await mkdtemp(join(folder.path, 'scratch-'));
  for (let at = 0; at < 5; at += 1) {
    const run = `run-${at}`;
    const ended = await runChild({ place, run, scratch, what: 'all', die: null }, 20 * Math.abs(normal()));
    await expectReadable(place, run, ended, scratch);
  }
  const last = await runChild({ place, run: 'last', scratch, what: 'all', die: null });
  expect(last).toMatchObject({ code: 0, said: ['1', '2', '3', 'done'] });
  await expectReadable(place, 'last', last, scratch);
});
