import fc from 'fast-check';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';
import { describe, expect, it } from 'vitest';
import { renderSummary } from '../../../src/github/summary.ts';
import { bar } from '../../../src/report/bars.ts';
import { hasNews, renderComment } from '../../../src/report/comment/index.ts';
import { markerLine, markerOf } from '../../../src/report/comment/marker.ts';
import type { ModelReport, Report } from '../../../src/types/report.ts';
import { modelOf, NOW, OPTIONS, pair, reportWith, richReport } from './comment-report.ts';

/** Spaces that do not break are spaces to a reader. */
const spaced = (text: string): string => text.replaceAll('\u00a0', ' ');
const bodyOf = (report: Report): string => spaced(renderComment(report, OPTIONS).body);
const lineOf = (body: string, at: number): string => body.split('\n')[at] ?? '';
const slow = (path = 'm.onnx'): ModelReport => modelOf(path, [pair(10, 0.2)]);
const same = (path = 's.onnx'): ModelReport => modelOf(path, [pair(10, 0)]);

describe('the first lines', () => {
  it('are the marker and the verdict in words', () => {
    const body = bodyOf(reportWith([slow()]));
    expect(lineOf(body, 0)).toBe(`<!-- ayci tag=ayci commit=${OPTIONS.commit} run=4711.1 -->`);
    expect(lineOf(body, 1)).toBe('### ❌ `m.onnx` is 20.0 % slower (limit 5 %) · 1 of 1 cell');
  });

  it.each<[string, Report, string]>([
    ['the same', reportWith([same()]), '### ✅ `s.onnx` runs as before'],
    ['several the same', reportWith([same('a.onnx'), same('b.onnx')]), '### ✅ 2 models run as before'],
    ['faster', reportWith([modelOf('f.onnx', [pair(10, -0.2)])]), '### ✅ `f.onnx` is 20.0 % faster · 1 of 1 cell'],
    [
      'the worst of several',
      reportWith([same(), slow()]),
      '### ❌ `m.onnx` is 20.0 % slower (limit 5 %) · 1 of 1 cell · 2 models: 1 regressed, 1 the same',
    ],
    [
      'nothing measured',
      { ...reportWith([]), verdict: 'unmeasured', error: { code: 'environment', message: 'no python' } },
      '### ⚠️ Could not measure',
    ],
    [
      'an error after some was measured',
      { ...reportWith([same()]), error: { code: 'target', message: 'it broke off' } },
      '### ⚠️ `s.onnx` runs as before · not all was measured',
    ],
    [
      'one of several could not be measured',
      reportWith([same(), modelOf('u.onnx', [])]),
      '### ⚠️ `u.onnx` could not be measured · 2 models: 1 could not be measured, 1 the same',
    ],
  ])('%s', (_, report, line) => {
    expect(lineOf(bodyOf(report), 1)).toBe(line);
  });

  it('say first what the pull request loosens for itself', () => {
    const body = bodyOf(reportWith([same()], { gateChanges: ['latency limit 5 % → 50 % for m.onnx'] }));
    expect(lineOf(body, 1)).toBe('⚠️ **This pull request changes its own gate:** `latency limit 5 % → 50 % for m.onnx`');
    expect(lineOf(body, 3)).toBe('### ✅ `s.onnx` runs as before');
  });

  it('name the legs that gave no report, and are not green', () => {
    const body = bodyOf(reportWith([same()], { legs: { expected: ['x64', 'arm', 'big'], missing: ['arm'] } }));
    expect(lineOf(body, 1)).toBe('### ⚠️ `s.onnx` runs as before');
    expect(body).toContain('⚠️ **1 of 3 legs gave no report:** `arm`.');
  });
});

describe('what it says', () => {
  it('keeps figures in one line', () => {
    expect(renderComment(reportWith([slow()]), OPTIONS).body).toContain('p50\u00a010.0\u00a0→\u00a0**12.0**\u00a0ms');
  });

  const body = bodyOf(richReport());

  it('a cell over its limits is one row, the furthest over first', () => {
    const rows = body.split('\n').filter((line) => line.startsWith('| ❌ slower, dearer'));
    expect(rows).toHaveLength(3);
    expect(rows[0]).toBe(
      '| ❌ slower, dearer | onnx, 1769 MB, batch 8 | p50 310 → **363** ms<br>1.15 → **1.34** USD/1M | +17.1 % (16.5 to 17.7)<br>+16.7 % (16.1 to 17.4) | 5 % | sure, 6 sandboxes |',
    );
  });

  it('a model a line, mark and word', () => {
    expect(body).toContain('| ❌ slower | `detector.onnx` | p50 310 → **363** ms');
    expect(body).toContain('| ⚠️ not decided | `vad.onnx` | p50 3.10 → **3.16** ms');
  });

  it('what changed, what to deploy and for how much, how to see it again, how to accept it', () => {
    expect(body).toContain(
      '**What changed** in `detector.onnx`: `+2 Conv, −1 Relu` · `parameters 1.24 M → 1.38 M (+11.5 %)` · file 4.80 MB → 5.21 MB (+8.5 %) · the work grew (CPU time +17.1 %) · same runtime, same hardware, same sandboxes',
    );
    expect(body).toContain(
      '(100,000,000 requests a month): onnx, 885 MB, batch 1: p50 47.7 ms, 0.894 USD per million, 89.4 USD a month · before: the same, p50 41.2 ms, 0.799 USD per million, 79.9 USD a month',
    );
    expect(body.match(/dist\/cli\.js run --model models\/detector\.onnx/g)).toHaveLength(3);
    expect(body).toContain(
      '`{model: models/detector.onnx, metric: latency, up-to: 18%, expires: 2026-12-24, reason: "…"}`',
    );
  });

  it('what was measured, reused and how old, what it cost, where all of it is', () => {
    const report = richReport();
    const models = report.models.map((model) => ({
      ...model,
      cells: model.cells.map((cell) => ({
        ...cell,
        status: 'reused' as const,
        provenance: cell.provenance && { ...cell.provenance, measuredAt: '2026-11-21T20:00:00.000Z' },
      })),
    }));
    const last = bodyOf({ ...report, models })
      .trimEnd()
      .split('\n')
      .at(-1);
    expect(last).toBe(
      '<sub>`9ab12cd` against `3f2a1bc` · measured on the runner, priced as Lambda in us-east-1 · prices of 2026-11 · 0 measured, 7 reused (up to 2 days old) · 96 calls, 3 min 32 s, 0.0412 USD · [full report](https://github.com/o/r/actions/runs/4711/artifacts/1) · [job summary](https://github.com/o/r/actions/runs/4711) · AYCI 0.1.0</sub>',
    );
  });

  const by = { until: '2026-12-24', reason: 'needed for @org', upTo: 0.3 };
  const acceptedSlow = (): ModelReport => {
    const model = slow();
    const cells = model.cells.map((cell) => {
      if (cell.verdict === null) return cell;
      const { latency, cost } = cell.verdict.metrics;
      const metrics = {
        ...(latency && { latency: { ...latency, accepted: by } }),
        ...(cost && { cost: { ...cost, accepted: by } }),
      };
      return { ...cell, verdict: { ...cell.verdict, state: 'pass' as const, metrics } };
    });
    return { ...model, verdict: 'pass', cells };
  };

  it('a regression that is accepted is not counted as the same', () => {
    const line = lineOf(bodyOf(reportWith([same(), acceptedSlow()])), 1);
    expect(line).toBe(
      '### ✅ `m.onnx` is worse (latency +20.0 %), as accepted · 2 models: 1 the same, 1 worse as accepted',
    );
  });

  it('a regression that is accepted counts no more, and says until when', () => {
    const waiver = { model: 'm.onnx', metric: 'latency', upTo: 0.3, expires: by.until, reason: by.reason };
    const report = reportWith([acceptedSlow()], {
      waivers: [
        { ...waiver, state: 'in force' },
        { ...waiver, expires: '2026-11-01', state: 'expired' },
      ],
    });
    const text = bodyOf(report);
    expect(lineOf(text, 1)).toBe('### ✅ `m.onnx` is worse (latency +20.0 %), as accepted');
    expect(text).toContain('| ➖ accepted until 2026-12-24 | `m.onnx` |');
    expect(text).toContain(
      '- ⚠️ `m.onnx` latency up to 30 %: accepted until 2026-11-01, **expired**: it counts again. `needed for @org`\n- ➖',
    );
    expect(text).not.toContain('❌');
    expect(hasNews(report)).toBe(true);
  });

  it('a service level that is missed, by how much and of which limit', () => {
    const model = same();
    const level = { ...runs('x'), threshold: 0 };
    const cells = model.cells.map((cell) => ({
      ...cell,
      latencyMs: cell.latencyMs && { ...cell.latencyMs, p99: 24 },
      verdict: cell.verdict && {
        ...cell.verdict,
        state: 'regressed' as const,
        metrics: { ...cell.verdict.metrics, p99: { ...level, change: 0.2 }, price: { ...level, change: 0.01 } },
      },
    }));
    const text = bodyOf(reportWith([{ ...model, verdict: 'regressed', cells }]));
    expect(lineOf(text, 1)).toBe('### ❌ `s.onnx` is 20.0 % over its p99 limit · 1 of 1 cell');
    expect(text).toContain(
      '| ❌ over its p99 limit, over its cost limit | onnx, 1769 MB, batch 1 | p99 **24.0** ms<br>**0.491** USD/1M | +20.0 %<br>+1.0 % | 20.0 ms<br>0.486 USD | as measured |',
    );
  });

  it('no gated figure that the gate does not count as a regression is shown as one', () => {
    const report: Report = { ...reportWith([{ ...slow(), verdict: 'pass' }, same()]), verdict: 'pass' };
    expect(bodyOf(report).split('<details>')[0]).not.toContain('❌');
  });
});

describe('news', () => {
  it.each<[string, Report, boolean]>([
    ['the same', reportWith([same()]), false],
    ['the first run', { ...reportWith([{ ...same(), verdict: 'no-baseline' }]), verdict: 'no-baseline' }, false],
    ['slower', reportWith([slow()]), true],
    ['faster', reportWith([modelOf('f.onnx', [pair(10, -0.2)])]), true],
    ['a looser gate', reportWith([same()], { gateChanges: ['x'] }), true],
    ['a missing leg', reportWith([same()], { legs: { expected: ['a', 'b'], missing: ['b'] } }), true],
  ])('%s: %s', (_, report, news) => {
    expect(hasNews(report)).toBe(news);
  });
});

describe('bars', () => {
  it.each([
    [8, 8, '████████'],
    [4, 8, '████'],
    [1, 16, '▌'],
    [0.0001, 16, '▏'],
    [0, 8, ''],
    [null, 8, ''],
    [Number.NaN, 8, ''],
    [9, 8, '████████'],
  ])('%s of %s is %s', (value, most, text) => {
    expect(bar(value, most)).toBe(text);
  });
});

describe('the marker', () => {
  const marker = { tag: 'a-b.c_1', commit: 'ab'.repeat(20), runId: 17_000_000_001, attempt: 2 };

  it('is read as it was written, after an edit in a browser too', () => {
    expect(markerOf(`${markerLine(marker)}\r\n### x`)).toEqual(marker);
    expect(markerOf(markerLine({ ...marker, commit: null }))).toEqual({ ...marker, commit: null });
  });

  it.each(['> ', ' ', '\n', 'x', '`'])('is none behind %j', (before) => {
    expect(markerOf(before + markerLine(marker))).toBeNull();
  });

  it.each(['a b', '', 'x'.repeat(65), 'a-->b', 'ä'])('takes no tag %j', (tag) => {
    expect(() => markerLine({ ...marker, tag })).toThrow(/^comment-tag: not a tag, got .*; expected/);
  });

  it('takes no commit and no run that is none', () => {
    expect(() => markerLine({ ...marker, commit: 'main' })).toThrow('expected its SHA');
    expect(() => markerLine({ ...marker, runId: Number.NaN })).toThrow('expected its id and attempt');
  });
});

describe('the limit', () => {
  const long = 'модель模型नमूना🚀'.repeat(40);
  const models = ['a', 'b', 'c'].map((letter, model) =>
    modelOf(
      `${letter}/${long}${letter}.onnx`,
      Array.from({ length: 200 }, (_, at) => pair(10, 0.1 + (model * 200 + at) / 1000, { memoryMb: 512 + at })),
    ),
  );
  const report = reportWith(models);
  const { body: raw, leftOut } = renderComment(report, OPTIONS);
  const body = spaced(raw);

  it('holds for 3 models of 200 regressed cells with long names, the worst first', () => {
    expect(body.length).toBeLessThanOrEqual(65_000);
    expect(body.length).toBeGreaterThan(55_000);
    const changes = [...body.matchAll(/^\| ❌ slower, dearer .*? \| \+(\d+\.\d) % /gm)].map(([, percent]) =>
      Number(percent),
    );
    expect(changes.length).toBe(600 - leftOut);
    expect(changes[0]).toBe(69.9);
    expect(changes).toEqual([...changes].sort((a, b) => b - a));
  });

  it('is said where it leaves something out', () => {
    expect(leftOut).toBeGreaterThan(0);
    expect(body).toContain(`**${leftOut} of 600 regressed cells found no place here**`);
  });

  it('leaves none out of comment and summary together', () => {
    const summary = renderSummary(report, { now: NOW, artifactUrl: null });
    expect(Buffer.byteLength(summary.markdown)).toBeLessThan(1_000_000);
    const missing = Array.from({ length: 200 }, (_, at) => 512 + at).filter(
      (memory) =>
        (summary.markdown.match(new RegExp(`^\\| ❌ slower +\\| onnx, ${memory} MB, batch 1 `, 'gm')) ?? []).length !==
        3,
    );
    expect(missing).toEqual([]);
  });

  it('is any number from 8,000 on', () => {
    for (const limit of [8_000, 8_001, 12_345, 30_000]) {
      expect(renderComment(report, { ...OPTIONS, limit }).body.length).toBeLessThanOrEqual(limit);
    }
    expect(() => renderComment(report, { ...OPTIONS, limit: 7_999 })).toThrow('expected at least 8000');
  });
});

interface Node {
  readonly type: string;
  readonly value?: string;
  readonly url?: string;
  readonly children?: readonly Node[];
}

function nodes(node: Node, found: Node[] = []): Node[] {
  found.push(node);
  for (const child of node.children ?? []) nodes(child, found);
  return found;
}

/** What GitHub would make of a comment, without the text of code spans: those are nobody's markup. */
function skeleton(body: string): { readonly kinds: Readonly<Record<string, number>>; readonly text: string } {
  const kinds: Record<string, number> = {};
  let text = '';
  for (const node of nodes(unified().use(remarkParse).use(remarkGfm).parse(body) as Node)) {
    const name = node.type === 'html' ? `html ${node.value}` : node.type === 'link' ? `link ${node.url}` : node.type;
    kinds[name] = (kinds[name] ?? 0) + 1;
    if (node.type === 'text') text += node.value;
  }
  // Adjacent texts are one node or several, by what stood between.
  delete kinds.text;
  return { kinds, text: text.replaceAll('\u200e', '') };
}

const TRAPS = [
  '@org/team',
  '#1',
  'o/r#1',
  'GH-1',
  'https://github.com/o/r/issues/1',
  'www.evil.example',
  'a@b.example',
  'deadbeefcafe1234deadbeefcafe1234deadbeef',
  '::error::x',
  '::add-mask::x',
  '::stop-commands::x',
  '> [!WARNING]\n> x',
  '```mermaid\ngraph TD\n```',
  '```geojson\n{}\n```',
  '```math\nx\n```',
  '$x$ $$y$$ $`z`$',
  '<!-- ayci tag=ayci commit=none run=9.9 -->\n### ✅ all is well',
  '[^1]\n\n[^1]: x',
  '[x](javascript:alert(1))',
  '![x](https://evil.example/x.png)',
  '<img src=x onerror=alert(1)><script>x</script></details></sub>',
  '\u001b[31mred\u001b[0m',
  '\u202egpj.exe\u202c\u200f\u2067',
  'שלום עולם 12',
  ':rocket: :tada:',
  '\n### x\n| a | b |\n| - | - |\n| c | d |\n',
  '`a`|b``c```',
  '\\`\\|\\',
  '~~x~~ **y** _z_ - [ ] w',
  'a\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308',
  '\ud83d',
  '&lt;b&gt; &#64;org',
  '|',
  '`'.repeat(200),
  'x'.repeat(1_000_000),
  '`|\n'.repeat(300_000),
];

/** A report in which everything that somebody else may have written is `text`. */
function planted(text: string): Report {
  const model = modelOf(text, [pair(10, 0.2), pair(10, 0, { batch: 8 })], {
    operatorChanges: { [text]: 2 },
    modelChanges: [text],
  });
  const cells = model.cells.map((cell, at) => ({
    ...cell,
    status: at === 0 ? ('measured' as const) : ('failed' as const),
    latencyMs: at === 0 ? cell.latencyMs : null,
    reason: text,
    outputChange: { maxAbsoluteDifference: 1, relativeDifference: 1, equivalent: false, problem: text },
    verdict: cell.verdict && { ...cell.verdict, metrics: { ...cell.verdict.metrics, runs: runs(text) } },
  }));
  const waiver = { model: text, metric: text, upTo: 0.3, expires: text, reason: text };
  const report = reportWith([{ ...model, cells, baselinePath: text, baselineRef: text }, same(`${text}/other.onnx`)], {
    ...{
      gateChanges: [text, 'x'],
      notes: [text],
      priceRegion: text,
      priceDate: text,
      ayciVersion: text,
      baselineRef: text,
    },
    ...{ commit: text, baseCommit: text, target: text },
    baseline: { commit: text, from: 'git', note: text },
    legs: { expected: [text, 'x'], missing: [text] },
    waivers: [
      { ...waiver, state: 'in force' },
      { ...waiver, state: 'expired' },
    ],
  });
  return { ...report, error: { code: text, message: text } };
}
const runs = (note: string) => ({
  ...{ state: 'regressed' as const, clock: null, change: null, low: null, high: null, minimumDetectable: null },
  ...{ threshold: null, wallChange: null, cpuChange: null, note },
});

describe('hostile text', () => {
  const reference = skeleton(bodyOf(planted('x y')));
  // A path longer than 500 characters is in no command.
  const long = skeleton(bodyOf(planted('x'.repeat(600))));

  /** What differs between two texts may be the shown words alone. */
  function holds(text: string): void {
    const body = bodyOf(planted(text));
    const got = skeleton(body);
    const expected = text.length > 500 ? long : reference;
    expect(got.kinds).toEqual(expected.kinds);
    expect(got.text).toBe(expected.text);
    expect(body.length).toBeLessThanOrEqual(65_000);
    expect(body.match(/^<!-- ayci/gm)).toHaveLength(1);
    expect(got.text).not.toMatch(/[$@]/);
    expect(body).not.toMatch(/[\p{Cs}\u202a-\u202e\u2066-\u2069]/u);
    expect(body).not.toContain('\u001b');
    expect(body).not.toContain('\r');
  }

  it.each(TRAPS.map((text) => [JSON.stringify(text).slice(0, 60), text]))('stays in its own cell: %s', (_, text) => {
    holds(text);
  });

  it('stays in its own cell, whatever it is', () => {
    const pieces = fc.array(
      fc.oneof(
        fc.constantFrom(...TRAPS.filter((text) => text.length < 1000)),
        fc.string({ unit: 'binary', maxLength: 30 }),
      ),
      {
        minLength: 1,
        maxLength: 5,
      },
    );
    fc.assert(
      fc.property(pieces, fc.constantFrom('', ' ', '|', '`', '\n'), (parts, between) => holds(parts.join(between))),
      { numRuns: 300 },
    );
  });

  it('of an address is no link but to the web', () => {
    const { body } = renderComment(reportWith([same()]), {
      ...OPTIONS,
      reportUrl: 'javascript:alert(1)',
      runUrl: 'https://h/a) b|<c>`[d]',
    });
    const links = nodes(unified().use(remarkParse).use(remarkGfm).parse(body) as Node).filter(
      ({ type }) => type === 'link',
    );
    expect(links.map(({ url }) => url)).toEqual(['https://h/a%29%20b%7c%3Cc%3E%60%5bd%5d']);
  });
});
