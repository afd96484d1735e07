import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';
import { describe, expect, it, vi } from 'vitest';
import { renderSummary, writeSummary } from '../../../src/github/summary.ts';
import { summaryCharts } from '../../../src/github/summary-chart.ts';
import { fitMarkdown } from '../../../src/github/summary-fit.ts';
import { renderMarkdown } from '../../../src/report/markdown.ts';
import type { ModelReport, Report } from '../../../src/types/report.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { CONFIG, measurement } from '../../support/measurements.ts';
import { reportOf } from '../../support/report.ts';

const NOW = new Date('2026-11-24T01:00:00.000Z');
const MIB = 1024 * 1024;

const SLOWER = [0.16, 0.15, 0.17, 0.16, 0.15, 0.17];
const SAME = [0.001, -0.001, 0.002, 0, 0.001, -0.002];

/** Cells that differ by memory. */
function cells(count: number, changes: readonly number[]) {
  return Array.from({ length: count }, (_, at) => measurement(changes, { config: { ...CONFIG, memoryMb: 1769 + at } }));
}

function merged(...reports: readonly Report[]): Report {
  const [first] = reports;
  if (first === undefined) throw new Error('no report');
  return { ...first, models: reports.flatMap((report) => report.models) };
}

interface Node {
  readonly type: string;
  readonly lang?: string | null;
  readonly value?: string;
  readonly children?: readonly Node[];
}

function nodes(markdown: string): readonly Node[] {
  const all = (node: Node): readonly Node[] => [node, ...(node.children ?? []).flatMap(all)];
  return all(unified().use(remarkParse).use(remarkGfm).parse(markdown) as Node);
}

describe('the job summary', () => {
  it('is the report and its charts where they fit', () => {
    const report = reportOf(cells(3, SLOWER));
    const { markdown, leftOut } = renderSummary(report, { now: NOW, artifactUrl: null });
    expect(leftOut).toBe(0);
    expect(markdown.startsWith(renderMarkdown(report, NOW))).toBe(true);
    expect(nodes(markdown).filter((node) => node.lang === 'mermaid')).toHaveLength(1);
  });

  it('fits 3 models of 200 cells with long names, and shows each regressed one', () => {
    const name = (at: number): string => `models/${'モデル🚀'.repeat(60)}-${at}.onnx`;
    const report = merged(...[0, 1, 2].map((at) => reportOf(cells(200, SLOWER), name(at))));
    const { markdown } = renderSummary(report, {
      now: NOW,
      artifactUrl: 'https://github.com/o/r/actions/runs/1/artifacts/2',
    });
    expect(Buffer.byteLength(markdown)).toBeLessThanOrEqual(MIB);
    expect(Buffer.byteLength(renderMarkdown(report, NOW))).toBeGreaterThan(MIB);
    const folded = /<details>[\s\S]*?<\/details>/g;
    const seen = markdown.replace(folded, '').split('\n');
    expect(seen.filter((line) => /^\| ❌/.test(line))).toHaveLength(600);
  });

  it('leaves out whole rows from the end, folded ones first, and says so under the verdict', () => {
    const report = merged(reportOf(cells(40, SLOWER), 'slow.onnx'), reportOf(cells(40, SAME), 'same.onnx'));
    const whole = renderMarkdown(report, NOW);
    const limit = Math.floor(Buffer.byteLength(whole) * 0.6);
    const url = 'https://github.com/o/r/actions/runs/1/artifacts/2';
    const { markdown, leftOut } = renderSummary(report, { now: NOW, artifactUrl: url, limit });

    expect(Buffer.byteLength(markdown)).toBeLessThanOrEqual(limit);
    expect(leftOut).toBeGreaterThan(0);
    const [head, second] = markdown.split('\n\n');
    expect(head).toBe(whole.split('\n\n')[0]);
    expect(second).toContain(`**${leftOut} rows are left out** here`);
    expect(second).toContain(url);
    expect(markdown.split('\n').filter((line) => /^\| ❌/.test(line))).toHaveLength(40);
    // Every line that is left is one of the report, or says what is not.
    const there = new Set(whole.split('\n'));
    const own = /^(- )?\*\d+ more (is|are) left out\.\*$/;
    const foreign = markdown.split('\n').filter((line) => !there.has(line) && !own.test(line));
    expect(
      foreign.filter(
        (line) => !line.startsWith(`**${leftOut} rows`) && !/mermaid|xychart|-axis|bar \[|title|```|p50 per/.test(line),
      ),
    ).toEqual([]);
    const said = markdown.match(/\*\d+ more/g)?.reduce((sum, text) => sum + Number.parseInt(text.slice(1), 10), 0);
    expect(said).toBe(leftOut);
  });

  it('leaves charts out before the rows of the report are halved', () => {
    const report = reportOf(cells(10, SLOWER));
    const { markdown } = renderSummary(report, { now: NOW, artifactUrl: null, limit: 2000 });
    expect(markdown).not.toContain('mermaid');
    expect(Buffer.byteLength(markdown)).toBeLessThanOrEqual(2000);
  });

  it('is written where the runner takes one', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'summary.md');
    await writeFile(path, 'before\n');
    vi.stubEnv('GITHUB_STEP_SUMMARY', path);
    await writeSummary('ours', {});
    expect(await readFile(path, 'utf8')).toBe('before\n');
    await writeSummary('ours', { GITHUB_STEP_SUMMARY: path });
    expect(await readFile(path, 'utf8')).toBe('before\nours');
    vi.unstubAllEnvs();
  });
});

describe('cutting markdown', () => {
  const table = (count: number, text: string): string =>
    ['| a | b |', '| --- | ---: |', ...Array.from({ length: count }, (_, at) => `| ${text} | ${at} |`)].join('\n');

  it('keeps what fits as it is', () => {
    expect(fitMarkdown('# x\n', 4)).toEqual({ markdown: '# x\n', leftOut: 0 });
  });

  it('cuts tables evenly, and leaves them tables', () => {
    const text = `# t\n\n${table(50, 'one')}\n\nmiddle\n\n${table(50, 'two')}\n\nend\n`;
    const { markdown, leftOut } = fitMarkdown(text, 900);
    expect(Buffer.byteLength(markdown)).toBeLessThanOrEqual(900);
    const count = (word: string): number => markdown.split('\n').filter((line) => line.startsWith(`| ${word}`)).length;
    expect(Math.abs(count('one') - count('two'))).toBeLessThanOrEqual(1);
    expect(count('one') + count('two') + leftOut).toBe(100);
    expect(nodes(markdown).filter((node) => node.type === 'table')).toHaveLength(2);
    expect(nodes(markdown).filter((node) => node.type === 'emphasis')).toHaveLength(2);
    expect(markdown).toContain('| one | 0 |\n| one | 1 |');
    expect(markdown.endsWith('\n\nend\n')).toBe(true);
  });

  it('takes folded rows first, then items', () => {
    const items = Array.from({ length: 20 }, (_, at) => `- item ${at}`).join('\n');
    const fold = `<details><summary>All</summary>\n\n${table(20, 'folded')}\n\n</details>`;
    const text = `# t\n\n${table(20, 'seen')}\n\n${items}\n\n${fold}\n`;
    const has = (markdown: string, word: string): number =>
      markdown.split('\n').filter((line) => line.includes(word)).length;
    const some = fitMarkdown(text, Buffer.byteLength(text) - 100).markdown;
    expect([has(some, 'seen'), has(some, 'item')]).toEqual([20, 20]);
    expect(has(some, 'folded')).toBeLessThan(20);
    const most = fitMarkdown(text, 600).markdown;
    expect([has(most, 'seen'), has(most, 'folded')]).toEqual([20, 0]);
    expect(most).toContain('</details>');
  });

  it('ends between blocks, folds closed, where rows alone do not do', () => {
    const text = `# t\n\n<details><summary>All</summary>\n\n${'x'.repeat(300)}\n\n${'y'.repeat(300)}\n\n</details>\n`;
    const { markdown } = fitMarkdown(text, 500);
    expect(Buffer.byteLength(markdown)).toBeLessThanOrEqual(500);
    expect(markdown).toMatch(/x{300}\n\n<\/details>\n\n\*The rest is left out\.\*\n$/);
  });

  it('is not fooled by lines that only look like rows', () => {
    const text = `| no table\n\n${'z'.repeat(50)}\n\n${table(30, 'row')}\n`;
    const { markdown } = fitMarkdown(text, 300);
    expect(markdown.startsWith('| no table\n\nz')).toBe(true);
  });
});

describe('charts', () => {
  it('show before and now per configuration, in words and numbers alone', () => {
    const chart = summaryCharts(reportOf(cells(2, SLOWER), 'a"]\n```<b>.onnx'));
    const [code] = nodes(chart).filter((node) => node.lang === 'mermaid');
    expect(code?.value).toBe(
      [
        'xychart-beta horizontal',
        '  title "p50 latency (ms)"',
        '  x-axis ["onnx, 1769 MB, batch 1: before", "onnx, 1769 MB, batch 1: now", "onnx, 1770 MB, batch 1: before", "onnx, 1770 MB, batch 1: now"]',
        '  y-axis "ms" 0 --> 10.5',
        '  bar [10, 10, 10, 10]',
      ].join('\n'),
    );
    expect(nodes(chart).filter((node) => node.type === 'html')).toEqual([]);
  });

  it('are of the worst models first', () => {
    const equal = { ...reportOf(cells(2, SLOWER), 'same.onnx').models[0], verdict: 'pass' } as ModelReport;
    const report = reportOf(cells(2, SLOWER), 'slow.onnx');
    const named = summaryCharts({ ...report, models: [equal, ...report.models] }).match(/\w+\.onnx/g);
    expect(named).toEqual(['slow.onnx', 'same.onnx']);
  });

  it('are bounded, and none where nothing was measured', () => {
    const many = merged(...Array.from({ length: 9 }, () => reportOf(cells(40, SLOWER))));
    const drawn = nodes(summaryCharts(many)).filter((node) => node.lang === 'mermaid');
    expect(drawn).toHaveLength(5);
    expect(drawn[0]?.value?.match(/before/g)).toHaveLength(10);
    expect(summaryCharts({ ...reportOf([]), models: [] })).toBe('');
  });
});
