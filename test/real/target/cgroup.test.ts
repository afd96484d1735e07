import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { probeCpuShare } from '../../../src/target/local/cgroup.ts';
import { ownGroups, startLambda, type TestLambda } from './lambda.ts';
import { ask } from './request.ts';

const probe = await probeCpuShare();
const why = probe.ok ? '' : ` (SKIPPED: ${probe.remedy})`;
let lambda: TestLambda;

beforeAll(async () => {
  lambda = await startLambda([
    { name: 'echo', handler: 'app.echo', cpus: 0.29 },
    { name: 'busy', handler: 'app.busy', cpus: 0.29 },
    { name: 'free', handler: 'app.echo', cpus: null },
  ]);
}, 120_000);

afterAll(() => lambda?.close());

test.skipIf(!probe.ok)(`the share applies after init, and its group goes with the sandbox${why}`, async () => {
  const { body } = await ask(lambda, 'echo');
  expect(body.initGroup).not.toContain('ayci-');
  expect(body.group).toMatch(new RegExp(`/ayci-${process.pid}-\\d+$`));
  const free = await ask(lambda, 'free');
  expect(free.body.group).toBe(free.body.initGroup);
  const group = String(body.group).split('/').at(-1);
  expect(ownGroups()).toContain(group);
  await ask(lambda, 'echo', { retire: true });
  // The turn of the next request begins when the retired sandbox is gone.
  await ask(lambda, 'echo');
  expect(ownGroups()).not.toContain(group);
});

test.skipIf(!probe.ok)(`a share of 0.29 lets a busy loop have about that${why}`, async () => {
  const { body } = await ask(lambda, 'busy');
  expect(Number(body.share)).toBeGreaterThan(0.1);
  expect(Number(body.share)).toBeLessThan(0.45);
});

test.skipIf(!probe.ok)(`closing leaves no group${why}`, async () => {
  const own = await startLambda([{ name: 'echo', handler: 'app.echo', cpus: 0.5 }]);
  const before = ownGroups().length;
  await ask(own, 'echo');
  expect(ownGroups()).toHaveLength(before + 1);
  await own.close();
  expect(ownGroups()).toHaveLength(before);
});

test('without a cpu controller it is said what to do', async () => {
  const root = await mkdtemp(join(tmpdir(), 'ayci-groups-'));
  expect(await probeCpuShare({ root, uid: 0 })).toMatchObject({
    ok: false,
    remedy: expect.stringMatching(/no cpu controller.*sudo -n true/s),
  });
  await rm(root, { recursive: true });
});

test('without root and sudo it is said what to do', async () => {
  const probed = await probeCpuShare({ uid: 1000, path: '/nonexistent' });
  expect(probed).toMatchObject({ ok: false, remedy: expect.stringMatching(/no sudo.*Run as root/s) });
});

test('in version 2 the quota is written with its period, and leftovers of the dead are swept', async () => {
  const root = await mkdtemp(join(tmpdir(), 'ayci-groups-'));
  await writeFile(join(root, 'cgroup.controllers'), 'cpuset cpu io memory pids\n');
  await writeFile(join(root, 'cgroup.subtree_control'), '');
  // 4194304 is the kernel's largest process id: none has it.
  await mkdir(join(root, 'ayci-4194304-7'));
  await mkdir(join(root, `ayci-${process.ppid}-1`));
  await writeFile(join(root, 'ayci.txt'), '');
  const probed = await probeCpuShare({ root, uid: 0 });
  // A plain folder is no group: it cannot be removed with what was written into it.
  expect(probed).toMatchObject({ ok: false, remedy: expect.stringMatching(/ENOTEMPTY/) });
  expect(await readFile(join(root, 'cgroup.subtree_control'), 'utf8')).toBe('+cpu');
  const left = (await readdir(root)).filter((name) => name.startsWith('ayci-'));
  expect(left).toContain(`ayci-${process.ppid}-1`);
  expect(left).not.toContain('ayci-4194304-7');
  const made = left.find((name) => name.startsWith(`ayci-${process.pid}-`)) ?? '';
  expect(await readFile(join(root, made, 'cpu.max'), 'utf8')).toBe('10000 20000');
  await rm(root, { recursive: true });
});
