import { describe, expect, it } from 'vitest';
import { gateChanges } from '../../../src/config/changes.ts';
import type { RawInputs } from '../../../src/inputs/table.ts';
import { read } from './make.ts';

const FILES = ['m/a.onnx', 'm/b.onnx', 'm/c.onnx', 'm/d.onnx', 'm/e.onnx'];

async function changes(base: string | null, head: string, outer: RawInputs = {}): Promise<readonly string[]> {
  const before = base === null ? null : await read(base, FILES, outer);
  return gateChanges(before, await read(head, FILES, outer));
}

const one = (settings: string): string => `models: [{ path: detector.onnx, ${settings} }]`;
const waived = (text: string): string => `models: [m/a.onnx, m/b.onnx]\nwaivers: [${text}]\n`;
const WAIVER = '{ model: m/a.onnx, metric: latency, up-to: 20%, expires: 2026-12-24, reason: x }';

describe('what a pull request loosens for itself', () => {
  const cases: readonly [string, string, string, readonly string[]][] = [
    [
      'a limit raised',
      one('max-latency-regression: 5%'),
      one('max-latency-regression: 50%'),
      ['latency limit 5 % → 50 % for detector.onnx'],
    ],
    [
      'a limit taken away',
      one('max-cost-regression: 2.5%'),
      one('max-cost-regression: none'),
      ['cost limit 2.5 % → none for detector.onnx'],
    ],
    [
      'limits of the other metrics',
      one('max-memory-regression: 1%, max-cold-start-regression: 1%, max-output-difference: 1%'),
      one('max-memory-regression: 2%'),
      [
        'memory limit 1 % → 2 % for detector.onnx',
        'cold start limit 1 % → none for detector.onnx',
        'output difference limit 1 % → none for detector.onnx',
      ],
    ],
    [
      'service levels',
      one('max-p99-ms: 20, max-cost-per-million-usd: 1.5'),
      one('max-p99-ms: 40'),
      ['p99 limit 20 ms → 40 ms for detector.onnx', 'limit of cost per million 1.5 USD → none for detector.onnx'],
    ],
    [
      'a tolerance',
      one('output-tolerance: 0.1%'),
      one('output-tolerance: 1%'),
      ['output tolerance 0.1 % → 1 % for detector.onnx'],
    ],
    [
      'a tolerance of one optimizer',
      one('output-tolerance: 0.1%'),
      one('output-tolerance: { tvm: 0.05%, openvino: 0.1%, onnx-int8: 5% }'),
      [
        "output tolerance of onnx 0.1 % → the optimizer's own for detector.onnx",
        "output tolerance of onnx+tvm 0.1 % → the optimizer's own for detector.onnx",
        'output tolerance of onnx-int8 0.1 % → 5 % for detector.onnx',
      ],
    ],
    [
      'a tolerance where there was none',
      one('batch: 1'),
      one('output-tolerance: 1%'),
      ["output tolerance the optimizer's own → 1 % for detector.onnx"],
    ],
    [
      'cells',
      one('memory: [512, 885, 1769], batch: [1, 8], optimizer: [vanilla, onnx], hardware: [x86_64, arm64]'),
      one('memory: [1769, 3008], batch: 1, hardware: x86_64'),
      [
        'memory 512, 885 MB no longer run for detector.onnx',
        'batch 8 no longer run for detector.onnx',
        'optimizer vanilla no longer run for detector.onnx',
        'hardware arm64 no longer run for detector.onnx',
      ],
    ],
    [
      'hardware named',
      one('batch: 1'),
      one('hardware: x86_64'),
      ['hardware all that is there → x86_64 for detector.onnx'],
    ],
    ['the gate on one cell', one('gate-on: cells'), one('gate-on: best'), ['gate on cells → best for detector.onnx']],
    [
      'weights of a gate on the best',
      one('gate-on: best'),
      one('gate-on: best, weights: { latency: 0, cost: 1 }'),
      ['other weights choose the gated configuration for detector.onnx'],
    ],
    [
      'the baseline',
      one('baseline: git:main'),
      one('baseline: detector.onnx'),
      ['baseline git:main → detector.onnx for detector.onnx'],
    ],
    [
      'inputs',
      one('input-shape: { x: 1x3x224x224 }'),
      one('input-shape: { x: 1x3x8x8 }'),
      ['what the inputs are fed for detector.onnx'],
    ],
    [
      'fail-on',
      'models: [a.onnx]\nfail-on: [regressed, inconclusive]',
      'models: [a.onnx]\nfail-on: never',
      ['the build no longer fails on regressed, inconclusive'],
    ],
    ['only-changed', 'models: [a.onnx]', 'models: [a.onnx]\nonly-changed: true', ['only changed models are measured']],
    ['models of a list', 'models: [m/a.onnx, m/b.onnx]', 'models: [m/b.onnx]', ['no longer measured: m/a.onnx']],
    [
      'models of a glob',
      'models: ["m/*"]',
      'models: [m/a.onnx]',
      ['no longer measured: m/b.onnx, m/c.onnx, m/d.onnx and 1 more'],
    ],
    [
      'all models',
      'models: ["m/*"]',
      'models: ["m/*"]\ndefaults: { max-latency-regression: 9% }',
      ['latency limit 5 % → 9 % for all 5 models'],
    ],
    [
      'a waiver',
      'models: [m/a.onnx, m/b.onnx]',
      waived(WAIVER),
      ['new waiver of latency for m/a.onnx up to 20 % until 2026-12-24'],
    ],
    [
      'a waiver without size',
      'models: [m/a.onnx]',
      waived('{ model: m/*, metric: runs, expires: 2026-12-24, reason: x }'),
      ['new waiver of runs for m/* until 2026-12-24'],
    ],
    [
      'a larger waiver',
      waived(WAIVER),
      waived(WAIVER.replace('20%', '50%')),
      ['waiver of latency for m/a.onnx up to 20 % → 50 %'],
    ],
    [
      'a longer waiver',
      waived(WAIVER),
      waived(WAIVER.replace('2026-12-24', '2027-03-01')),
      ['waiver of latency for m/a.onnx until 2026-12-24 → 2027-03-01'],
    ],
    [
      'a waiver of another metric',
      waived(WAIVER),
      waived(WAIVER.replace('latency', 'cold-start')),
      ['new waiver of cold start for m/a.onnx up to 20 % until 2026-12-24'],
    ],
  ];
  it.each(cases)('%s', async (_name, base, head, expected) => {
    expect(await changes(base, head)).toEqual(expected);
  });
});

describe('what is no loosening', () => {
  const cases: readonly [string, string, string][] = [
    ['the same', one('memory: 512'), one('memory: "512"')],
    [
      'stricter limits',
      one('max-latency-regression: 5%, max-p99-ms: 20'),
      one('max-latency-regression: 2%, max-p99-ms: 10'),
    ],
    [
      'limits where there were none',
      one('max-memory-regression: none'),
      one('max-memory-regression: 10%, max-cost-per-million-usd: 2'),
    ],
    ['more cells', one('memory: 512, hardware: x86_64'), one('memory: [512, 885], hardware: [x86_64, arm64]')],
    ['weights that only inform', one('gate-on: cells'), one('gate-on: cells, weights: { latency: 1, cost: 0 }')],
    ['another model', 'models: [m/a.onnx]', 'models: [m/a.onnx, m/b.onnx]'],
    ['a list in the place of a glob', 'models: ["m/*"]', `models: [${FILES.join(', ')}]`],
    [
      'a waiver less, a shorter and a smaller one',
      waived(`${WAIVER}, ${WAIVER.replace('latency', 'cost')}`),
      waived(WAIVER.replace('20%', '10%').replace('12-24', '12-01')),
    ],
    ['another reason', waived(WAIVER), waived(WAIVER.replace('reason: x', 'reason: y'))],
    [
      'a limit moved to the defaults',
      one('max-latency-regression: 9%'),
      'models: [detector.onnx]\ndefaults: { max-latency-regression: 9% }',
    ],
  ];
  it.each(cases)('%s', async (_name, base, head) => {
    expect(await changes(base, head)).toEqual([]);
  });
});

describe('a first configuration', () => {
  it('is compared with what holds without it', async () => {
    const head = `${one('memory: 512, max-latency-regression: 50%, input-shape: { x: 1x3 }')}\nfail-on: regressed\nwaivers: [${WAIVER}]\n`;
    expect(await changes(null, head)).toEqual([
      'the build no longer fails on unmeasured',
      'latency limit 5 % → 50 % for detector.onnx',
      'new waiver of latency for m/a.onnx up to 20 % until 2026-12-24',
    ]);
    expect(await changes(null, head, { 'fail-on': 'regressed', 'max-latency-regression': '60%' })).toEqual([
      'new waiver of latency for m/a.onnx up to 20 % until 2026-12-24',
    ]);
  });

  it('loosens nothing where it only names models', async () => {
    expect(await changes(null, 'models: ["m/*"]\n')).toEqual([]);
  });
});
