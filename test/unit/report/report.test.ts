import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';
import { describe, expect, it } from 'vitest';
import { renderConsole } from '../../../src/report/console.ts';
import { code, shellQuote, visible } from '../../../src/report/escape.ts';
import { ageText, changeText, durationText, figure, signedPercent } from '../../../src/report/format.ts';
import { renderMarkdown } from '../../../src/report/markdown.ts';
import { renderJson } from '../../../src/report/write.ts';
import { CONFIG, measurement } from '../../support/measurements.ts';
import { reportOf } from '../../support/report.ts';

const now = new Date('2026-11-24T01:00:00.000Z');
const slower = measurement([0.14, 0.141, 0.139, 0.14, 0.1405, 0.1395].map((y) => y));
const same = measurement([0, 0.001, -0.001, 0.0005, -0.0005, 0], { config: { ...CONFIG, batch: 8 } });

interface Node {
  readonly type: string;
  readonly value?: string;
  readonly children?: readonly Node[];
}
const parse = (markdown: string): Node => unified().use(remarkParse).use(remarkGfm).parse(markdown) as Node;
function count(node: Node, counts = new Map<string, number>()): Map<string, number> {
  const name = node.type === 'html' ? `html ${node.value}` : node.type;
  counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const child of node.children ?? []) count(child, counts);
  return counts;
}

describe('figures', () => {
  it.each([
    [1234.5, '1235'],
    [47.93, '47.9'],
    [6.214, '6.21'],
    [0.4021, '0.402'],
    [0.01234, '0.0123'],
    [0, '0'],
    [null, '–'],
  ])('%s is %s', (value, text) => {
    expect(figure(value)).toBe(text);
  });

  it('show changes with their interval and sign', () => {
    expect(changeText(0.163, 0.156, 0.17)).toBe('+16.3 % (15.6 to 17.0)');
    expect(changeText(0.004, -0.014, 0.021)).toBe('+0.4 % (−1.4 to +2.1)');
    expect(signedPercent(-0.0001)).toBe('±0.0 %');
    expect(durationText(125)).toBe('2 min 5 s');
    expect(ageText(2 * 86_400_000)).toBe('2 days');
  });
});

describe('the markdown report', () => {
  it('says the verdict first, worst row first, and how to reproduce it', () => {
    const text = renderMarkdown(reportOf([same, slower]), now);
    expect(text.split('\n')[0]).toBe('### ❌ `m.onnx` is 15.0 % slower (limit 5 %) · 1 of 2 cells');
    const rows = text.split('\n').filter((line) => line.startsWith('| '));
    expect(rows[2]).toContain('❌ slower');
    expect(rows[3]).toContain('✅ the same');
    expect(text).toContain(
      '`node dist/cli.js run --model m.onnx --baseline m.onnx --hardware x86_64 --optimizer onnx --memory 1769 --batch 1`',
    );
  });

  it('is never green where nothing could be measured', () => {
    const failed = measurement([], {
      candidate: null,
      candidateFailure: { code: 'out-of-memory', message: 'too little' },
      baselineFailure: { code: 'out-of-memory', message: 'x' },
    });
    const text = renderMarkdown(reportOf([failed]), now);
    expect(text.split('\n')[0]).toBe('### ⚠️ `m.onnx` could not be measured');
    expect(text).not.toContain('✅');
    expect(text).toContain('out-of-memory: too little');
  });

  it('keeps hostile names text: no element more than a harmless name gives', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }),
      fc.constantFrom(
        '@org/team #1 o/r#1',
        '`a`|b``',
        '<script>x</script>',
        '![x](javascript:y)',
        '\n### x\n| a | b |',
        '::error::x',
        '$x$ $$y$$',
        '```mermaid\nx',
        '\u202egpj',
        '[^1]',
        '> [!WARNING]',
        '-->',
        '</details>',
        '\\',
        '`',
        '|',
        '\\|',
        '``\\|',
      ),
    );
    const plain = count(parse(renderMarkdown(reportOf([slower], 'x'), now)));
    fc.assert(
      fc.property(hostile, (name) => {
        const report = reportOf([slower, { ...same, candidateFailure: { code: 'crashed', message: name } }], name, [
          name,
        ]);
        const reference = reportOf([slower, { ...same, candidateFailure: { code: 'crashed', message: 'x' } }], 'x', [
          'x',
        ]);
        const expected = count(parse(renderMarkdown(reference, now)));
        const got = count(parse(renderMarkdown(report, now)));
        expect(Object.fromEntries(got)).toEqual(Object.fromEntries(expected));
      }),
      { numRuns: 300 },
    );
    expect(plain.get('heading')).toBe(1);
  });
});

describe('the table of the command line', () => {
  it('aligns its columns and gives the verdict', () => {
    const text = renderConsole(reportOf([same, slower]), now, ['r/report.md']);
    const lines = text.split('\n');
    expect(lines[0]).toMatch(/^ {2}optimizer {2}memory MB {2}batch {2}p50 ms/);
    expect(text).toContain('❌ regressed: m.onnx is 15.0 % slower (limit 5 %) · 1 of 2 cells');
    expect(lines.filter((line) => line.includes('0x')).length).toBe(0);
  });
});

describe('report.json', () => {
  const schema: object = JSON.parse(readFileSync(new URL('../../../docs/report.schema.json', import.meta.url), 'utf8'));
  const ajv = new Ajv2020.default({ allErrors: true });
  addFormats.default(ajv);
  const check = ajv.compile(schema);

  it('fits its schema', () => {
    const failed = measurement([], {
      candidate: null,
      candidateFailure: { code: 'timeout', message: 'x' },
      config: { ...CONFIG, batch: 4 },
    });
    for (const report of [reportOf([same, slower, failed]), reportOf([])]) {
      check(JSON.parse(renderJson(report)));
      expect(check.errors).toBeNull();
    }
  });

  it('of another shape does not', () => {
    const broken = JSON.parse(renderJson(reportOf([same])));
    broken.models[0].cells[0].status = 'guessed';
    expect(check(broken)).toBe(false);
    expect(check({ ...broken, schema: 2 })).toBe(false);
  });
});

describe('escaping', () => {
  it('writes out what is not seen', () => {
    expect(visible('a\nb\u202ec\u0007')).toBe('a\\nb\\u202ec\\u0007');
    expect(code('`a`')).toBe('`` `a` ``');
  });

  it('gives a shell back the very text', () => {
    const names = [
      'plain.onnx',
      'a b',
      "it's",
      '$(touch x)',
      '`id`',
      'a;b|c&d',
      '"q"',
      '-x',
      '*?[a]',
      'zeile\neins',
      'tab\tx',
      'ключ',
      '\\n',
      "a'\nb\\",
    ];
    for (const name of names)
      expect(execFileSync('bash', ['-c', `printf %s ${shellQuote(name)}`], { encoding: 'utf8' })).toBe(name);
  });
});
