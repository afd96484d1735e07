import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { POSTER_INPUTS } from '../../../src/github/poster/inputs.ts';
import { command } from '../../support/command.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { ROOT } from '../../support/program.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Workflow {
  readonly name: string;
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: unknown;
  readonly jobs: Readonly<
    Record<string, { readonly permissions?: Readonly<Record<string, string>>; readonly steps?: readonly Step[] }>
  >;
}

const FILES = readdirSync(join(ROOT, 'examples')).filter((name) => name.endsWith('.yml') && name !== 'ayci.yml');
const text = (name: string): string => readFileSync(join(ROOT, 'examples', name), 'utf8');
const workflow = (name: string): Workflow => parse(text(name)) as Workflow;
const steps = (name: string): readonly Step[] => Object.values(workflow(name).jobs).flatMap((job) => job.steps ?? []);

async function zizmor(content: string): Promise<readonly string[]> {
  await using folder = await temporaryFolder();
  const copy = join(folder.path, '.github/workflows/example.yml');
  mkdirSync(join(copy, '..'), { recursive: true });
  writeFileSync(copy, content.replaceAll(/\bOWNER\/ayci(\S*)@COMMIT\b/g, `owner/ayci$1@${'0123456789'.repeat(4)}`));
  const args = ['--offline', '--no-config', '--persona=auditor', '--format=json', copy];
  const env = { PATH: process.env.PATH ?? '', HOME: folder.path };
  const ran = await command(join(process.env.AYCI_TEST_LINT ?? '', 'zizmor'), args, env);
  return (JSON.parse(ran.stdout) as readonly { readonly ident: string }[]).map(({ ident }) => ident);
}

describe('the examples', () => {
  it('tell zizmor to look away once, with the reason', () => {
    const ignores = FILES.flatMap((name) => text(name).match(/# zizmor: ignore\[.*/g) ?? []);
    expect(ignores).toEqual([expect.stringMatching(/^# zizmor: ignore\[dangerous-triggers\] \S.{40,}$/)]);
  });

  it('hide nothing else by that', async () => {
    const open = text('forks-comment.yml').replace(/ # zizmor: ignore.*/, '');
    expect(await zizmor(open)).toEqual(['dangerous-triggers']);
  });

  it.each(FILES)('%s gives each job what it needs and pins what it uses', (name) => {
    const { permissions, jobs } = workflow(name);
    expect(permissions).toEqual({});
    expect(Object.values(jobs).every((job) => job.permissions !== undefined)).toBe(true);
    for (const { uses } of steps(name)) {
      if (uses !== undefined) expect(uses).toMatch(/@([0-9a-f]{40}|COMMIT)$/);
    }
  });
});

describe('the flow of forks', () => {
  it('measures with no secret and no right to write', () => {
    const { jobs } = workflow('forks.yml');
    expect(Object.values(jobs).map((job) => job.permissions)).toEqual([{ contents: 'read' }]);
    expect(text('forks.yml')).not.toMatch(/secrets\.|id-token|pull_request_target/);
  });

  it('posts after that very workflow, with no checkout, no command and nothing of the event in it', () => {
    const { on, jobs } = workflow('forks-comment.yml');
    expect(on).toEqual({ workflow_run: { workflows: [workflow('forks.yml').name], types: ['completed'] } });
    expect(Object.values(jobs).map((job) => job.permissions)).toEqual([{ actions: 'read', 'pull-requests': 'write' }]);
    expect(steps('forks-comment.yml')).toEqual([{ uses: 'OWNER/ayci/comment@COMMIT' }]);
  });

  it('measures a fork on Lambda without its checkout', () => {
    const checkouts = steps('measure-fork.yml').filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkouts.map((step) => step.with)).toEqual([{ 'persist-credentials': false }]);
  });

  it('uses inputs that the sub-action has', () => {
    const names: readonly string[] = POSTER_INPUTS.map(({ name }) => name);
    const used = FILES.flatMap(steps).filter(({ uses }) => uses?.startsWith('OWNER/ayci/comment@'));
    expect(used.length).toBeGreaterThanOrEqual(2);
    for (const step of used) expect(names).toEqual(expect.arrayContaining(Object.keys(step.with ?? {})));
  });
});
