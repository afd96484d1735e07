import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../src/types/report.ts';
import { temporaryFolder } from '../support/folder.ts';
import { ROOT, ran } from '../support/program.ts';

// The whole way with nothing replaced: dist/, the embedded Lambda, awslambdaric, ONNX Runtime, models of onnx.helper.

const models = mkdtempSync(join(tmpdir(), 'ayci-models-'));
const model = (name: string): string => join(models, `${name}.onnx`);

beforeAll(() => {
  const python = process.env.AYCI_TEST_PYTHON;
  if (python === undefined) throw new Error('AYCI_TEST_PYTHON is not set: run npm run test:real');
  execFileSync(python, [`${ROOT}test/real/models.py`, models], { stdio: 'inherit' });
});
afterAll(() => rmSync(models, { recursive: true, force: true }));

async function report(folder: string): Promise<Report> {
  return JSON.parse(await readFile(join(folder, 'ayci-report', 'report.json'), 'utf8')) as Report;
}

/** Processes whose command line holds `text`. */
function processesWith(text: string): string[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,stat=,args='], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => line.includes(text) && !line.includes('ps -eo') && !/^\s*\d+ Z/.test(line));
}

describe('a candidate that does 40 % more work', () => {
  it('regresses, is not measured twice, and the action says the same', async () => {
    await using folder = await temporaryFolder();
    const args = ['run', '--model', model('slow'), '--baseline', model('base')];
    const first = await ran('cli', args, folder.path);
    expect(first.stdout).toContain('❌ regressed');
    expect(first.code).toBe(1);
    const found = await report(folder.path);
    const latency = found.models[0]?.cells[0]?.verdict?.metrics.latency;
    expect(latency?.change ?? 0).toBeGreaterThan(0.2);
    expect(latency?.change ?? 9).toBeLessThan(0.6);
    expect(found.models[0]?.cells[0]?.output?.equivalent).toBe(true);

    const second = await ran('cli', args, folder.path);
    expect(second.code).toBe(1);
    expect((await report(folder.path)).run).toMatchObject({ calls: 0, reused: 1 });

    const out = join(folder.path, 'out');
    await writeFile(out, '');
    const action = await ran('action', [], folder.path, {
      INPUT_MODEL: model('slow'),
      INPUT_BASELINE: model('base'),
      INPUT_ARCHIVE: '.ayci',
      GITHUB_OUTPUT: out,
    });
    expect(action.code).toBe(1);
    expect(await readFile(out, 'utf8')).toMatch(/verdict<<(\S+)\nregressed\n\1/);
    expect((await report(folder.path)).run.calls).toBe(0);

    const shown = await ran('cli', ['show', model('slow')], folder.path);
    expect(shown.stdout).toMatch(/x86_64|arm64/);
    expect(shown.stdout).toContain('ran');
  });
});

describe('a candidate of other bytes and equal work', () => {
  it('does not regress', async () => {
    await using folder = await temporaryFolder();
    const { code, stdout } = await ran(
      'cli',
      ['run', '--model', model('same'), '--baseline', model('base')],
      folder.path,
    );
    expect(code).toBe(0);
    expect(stdout).not.toContain('regressed');
  });
});

describe('models of every shape', () => {
  it('of token ids and masks, of any batch and length, with two outputs', async () => {
    await using folder = await temporaryFolder();
    const args = [
      'run',
      '--model',
      model('encoder'),
      '--batch',
      '1,4',
      '--input-shape',
      'input_ids=1x32',
      '--input-range',
      'input_ids=0:1000',
    ];
    expect((await ran('cli', args, folder.path)).code).toBe(0);
    const found = (await report(folder.path)).models[0];
    expect(found?.inputs.map((input) => input.shape)).toEqual([
      [1, 32],
      [1, 32],
    ]);
    expect(found?.cells.map((cell) => cell.status)).toEqual(['measured', 'measured']);
    expect(found?.cells.map((cell) => cell.output?.equivalent)).toEqual([true, true]);
  });

  it('with external data, and under a name full of traps', async () => {
    await using folder = await temporaryFolder();
    const name = 'a b;$(touch pwned)`x`|<script>\n::error::.onnx';
    await writeFile(join(folder.path, name), await readFile(model('external')));
    await writeFile(join(folder.path, 'weights.bin'), await readFile(join(models, 'weights.bin')));
    const { code, stdout } = await ran('cli', ['run', '--model', name], folder.path);
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/^::error::/m);
    expect((await report(folder.path)).models[0]?.cells[0]?.latencyMs?.samples).toBeGreaterThan(50);
  });

  it('too large for a memory size are a typed result beside one that fits', async () => {
    await using folder = await temporaryFolder();
    const args = ['run', '--model', model('large'), '--memory', '256,1769', '--optimizer', 'vanilla'];
    expect((await ran('cli', args, folder.path)).code).toBe(0);
    const cells = (await report(folder.path)).models[0]?.cells ?? [];
    expect(cells.map((cell) => cell.status)).toEqual(['failed', 'measured']);
    expect(cells[0]?.reason).toMatch(/^out-of-memory: /);
  });
});

describe('a run that is ended', () => {
  const start = (folder: string) =>
    spawn(
      process.execPath,
      [
        `${ROOT}dist/cli.js`,
        'run',
        '--model',
        model('slow'),
        '--baseline',
        model('base'),
        '--batch',
        '1,2',
        '--optimizer',
        'vanilla',
      ],
      {
        cwd: folder,
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );

  /** Resolves when the second of two cells has begun. */
  async function secondCell(child: ReturnType<typeof start>): Promise<void> {
    let said = '';
    for await (const chunk of child.stderr) {
      said += String(chunk);
      if (said.includes('[2/2]')) return;
    }
    throw new Error(`it ended before: ${said}`);
  }

  const exit = (child: ReturnType<typeof start>) =>
    new Promise<number | null>((resolve) => child.once('exit', resolve));

  it('by SIGKILL leaves no process and an archive that the next run goes on from', async () => {
    await using folder = await temporaryFolder();
    const child = start(folder.path);
    const ended = exit(child);
    await secondCell(child);
    child.kill('SIGKILL');
    await ended;
    const again = await ran(
      'cli',
      ['run', '--model', model('slow'), '--baseline', model('base'), '--batch', '1,2', '--optimizer', 'vanilla'],
      folder.path,
    );
    expect(again.code).toBe(1);
    expect((await report(folder.path)).models[0]?.cells.map((cell) => cell.status)).toEqual(['reused', 'measured']);
    expect(processesWith(`awslambdaric app.handler`)).toEqual([]);
  });

  it('by Ctrl-C ends every child, keeps what is measured and exits 3', async () => {
    await using folder = await temporaryFolder();
    const child = start(folder.path);
    const ended = exit(child);
    await secondCell(child);
    child.kill('SIGINT');
    expect(await ended).toBe(3);
    expect((await report(folder.path)).models[0]?.cells.map((cell) => cell.status)).toEqual(['measured', 'skipped']);
    expect(processesWith('awslambdaric app.handler')).toEqual([]);
  });
});
