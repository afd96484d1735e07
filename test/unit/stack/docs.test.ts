import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { grants, withTables } from '../../../scripts/iam-table.mjs';
import { invocationUsd } from '../../../src/analysis/cost.ts';
import { PRICE_DATE, pricesOf, REQUEST_FEE } from '../../../src/analysis/prices.ts';
import { SANDBOXES, TIMED_SECONDS } from '../../../src/measure/protocol.ts';
import { FRAMEWORKS, type Framework, type Hardware, OPTIMIZERS, type Optimizer } from '../../../src/types/config.ts';
import { convertersOf, routeOf } from '../../../src/types/runtimes.ts';
import { resolveTemplate } from '../../support/template.ts';
import { readTemplate } from '../../support/template-read.ts';

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8');
const bootstrap = fileURLToPath(new URL('../../../runtimes/bootstrap.yaml', import.meta.url));
const template = fileURLToPath(new URL('../../../runtimes/template.yaml', import.meta.url));
const page = read('docs/aws.md');
const commands = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, text = '']) => text);

describe('docs/aws.md', () => {
  it('says who may do what as bootstrap.yaml does: else node scripts/iam-table.mjs', () => {
    expect(withTables(page)).toBe(page);
    expect(grants()).toHaveLength(5 + 5 + 8 + 1);
    for (const { why, sid } of grants()) expect(why, sid).toMatch(/^[A-Z].*\.$/);
  });

  it('sets up in at most ten steps, whose commands a shell can read', () => {
    const steps = [...page.matchAll(/^\*\*(\d+)\. /gm)].map(([, number]) => Number(number));
    expect(steps).toEqual(Array.from({ length: steps.length }, (_, index) => index + 1));
    expect(steps.length).toBeLessThanOrEqual(10);
    expect(commands.length).toBeGreaterThan(5);
    for (const text of commands) {
      const bash = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' });
      expect(bash.stderr + (bash.status ?? 'no status'), text).toBe('0');
    }
  });

  it('gives parameters that bootstrap.yaml has', () => {
    const deploying = commands.find((text) => text.includes('--parameter-overrides')) ?? '';
    const [, overrides = ''] = deploying.split('--parameter-overrides');
    const given = [...overrides.matchAll(/"?(\w+)=/g)].map(([, name = '']) => name);
    expect(given).toEqual(['Repositories', 'ExistingOidcProviderArn', 'BaseBranch', 'MergeQueue']);
    const parameters = Object.keys(readTemplate(bootstrap).Parameters as object);
    const told = [...page.matchAll(/`((?:MergeQueue|EnvironmentName|BucketPrefix|DerivedDays|PullRequestDays))\b/g)];
    for (const name of [...given, ...told.map(([, name = '']) => name)]) expect(parameters).toContain(name);
  });

  it('asks for outputs that bootstrap.yaml has, of the repository that it was given', () => {
    const [repository, ownerId, id] = ['octo-org/detector.v2', '11', '22'];
    const { outputs } = resolveTemplate(bootstrap, { Repositories: `${repository}@${ownerId}@${id}` });
    // As the page's `tr -cd '[:alnum:]'` does.
    const ID = `${repository}${ownerId}${id}`.replaceAll(/[^0-9A-Za-z]/g, '');
    const asked = commands.flatMap((text) => [...text.matchAll(/output "?(\w+?)(\$ID)?"?\)/g)]);
    expect(asked.length).toBeGreaterThan(4);
    for (const [, name = '', perRepository] of asked)
      expect(Object.keys(outputs)).toContain(perRepository === undefined ? name : `${name}${ID}`);
  });

  it('names the runtimes that each model and optimizer takes', () => {
    const [, table = ''] = /## Which runtimes\n.*?(\| model .*?)\n\n/s.exec(page) ?? [];
    const [head = [], , ...rows] = table.split('\n').map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
    const titles: Readonly<Record<string, Framework>> = {
      ONNX: 'onnx',
      PyTorch: 'pytorch',
      TensorFlow: 'tensorflow',
      MXNet: 'mxnet',
    };
    expect(rows.map(([title = '']) => titles[title])).toEqual(FRAMEWORKS);
    for (const [title = '', ...cells] of rows) {
      const framework = titles[title] as Framework;
      const told = cells.flatMap((cell, column) => {
        const runtimes = cell
          .replace(/ \(.*\)$/, '')
          .split(', ')
          .sort();
        return (head[column + 1] ?? '').split(', ').map((optimizer) => [optimizer, runtimes] as const);
      });
      expect(told.map(([optimizer]) => optimizer).sort()).toEqual([...OPTIMIZERS].sort());
      for (const [optimizer, runtimes] of told) {
        const route = routeOf(framework, optimizer as Optimizer);
        if (typeof route === 'string') continue;
        const needed = new Set([route.serves, ...convertersOf(framework, route).map(({ runtime }) => runtime)]);
        expect([...needed].sort(), `${framework} ${optimizer}`).toEqual(runtimes);
      }
    }
  });

  it('sets the variables that the examples read', () => {
    const read_ = (path: string) => [...read(path).matchAll(/vars\.(\w+)/g)].map(([, name = '']) => name);
    const needed = new Set([...read_('examples/lambda.yml'), ...read_('examples/deploy-lambda.yml')]);
    const set = commands.flatMap((text) => [...text.matchAll(/gh variable set (\w+)/g)].map(([, name = '']) => name));
    expect([...set].sort()).toEqual([...needed].sort());
  });

  it('counts what a run costs with today’s prices', () => {
    const prices = pricesOf('us-east-1', 'test');
    const seconds = 2.5;
    const cell = (hardware: Hardware, memoryMb: number): number =>
      SANDBOXES * invocationUsd({ hardware, memoryMb }, seconds * 1000, prices);
    const conversion = (hardware: Hardware): number => invocationUsd({ hardware, memoryMb: 10_240 }, 5000, prices);
    const both: readonly Hardware[] = ['x86_64', 'arm64'];
    const sum = (of: readonly number[]): number => of.reduce((total, one) => total + one, 0);
    const sizes = String(
      (readTemplate(template).Parameters as Record<string, { Default: string }>).MemorySizes?.Default,
    );
    const all = sizes.split(',').flatMap((size) => both.map((hardware) => cell(hardware, Number(size))));
    const rows = [
      `| one cell, x86_64, 1,769 MB | ${SANDBOXES} | ${cell('x86_64', 1769).toFixed(4)} |`,
      `| both architectures, 1,769 MB, and both models converted for each | ${2 * SANDBOXES + 4} | ${sum(
        both.map((hardware) => cell(hardware, 1769) + 2 * conversion(hardware)),
      ).toFixed(4)} |`,
      `| the paper's nine sizes, both architectures, four batch sizes | ${4 * all.length * SANDBOXES} | ${(4 * sum(all)).toFixed(3)} |`,
    ];
    for (const row of rows) expect(page).toContain(row);
    expect(page).toContain(`In us-east-1 (${PRICE_DATE})`);
    expect(page).toContain(`${prices.perGbSecond.x86_64} USD on x86_64 and ${prices.perGbSecond.arm64} on arm64`);
    expect(page).toContain(REQUEST_FEE.toFixed(7));
    expect(page).toContain(`${TIMED_SECONDS.toFixed(1)} s of timing`);
    expect(page).toContain(`A cell is ${SANDBOXES} invocations of about ${seconds} s`);
  });
});
