import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

describe('the documentation', () => {
  it.each(pages)('%s links to files that are there', (page) => {
    const targets = [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)].map(
      ([, target = '']) => target,
    );
    for (const target of targets)
      expect(existsSync(join(root, dirname(page), target)), `${page} -> ${target}`).toBe(true);
  });

  it("the README's workflow is the example", () => {
    expect(read('README.md')).toContain(read('examples/pull-request.yml').trimEnd());
  });
});

describe('workflows', () => {
  const files = ['.github/workflows/ci.yml', 'examples/pull-request.yml'];
  it.each(files)('%s pins actions by commit and grants nothing by default', (file) => {
    const workflow = parse(read(file)) as {
      permissions: object;
      jobs: Record<string, { permissions: Record<string, string>; steps: { uses?: string; run?: string }[] }>;
    };
    expect(workflow.permissions).toEqual({});
    for (const job of Object.values(workflow.jobs)) {
      const { 'pull-requests': comment, ...others } = job.permissions;
      expect(others).toEqual({ contents: 'read' });
      expect([undefined, 'write']).toContain(comment);
      for (const { uses, run } of job.steps) {
        if (uses !== undefined) expect(uses).toMatch(/^\.\/$|^OWNER\/ayci@COMMIT$|@[0-9a-f]{40}$/);
        // What an event brings must not be spliced into a shell.
        if (run !== undefined) expect(run).not.toContain('${{');
      }
    }
  });
});
