import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../support/program.ts';
import { read, refusal } from './make.ts';

const ONE = 'models: [a.onnx]\n';

describe('what a model is held to', () => {
  it('is the built-in default where nothing is said', async () => {
    const { models, failOn, waivers, onlyChanged } = await read(ONE);
    expect(models).toHaveLength(1);
    expect(models[0]).toMatchObject({
      place: '.github/ayci.yml:1: models[0]',
      inputs: { model: 'a.onnx', memoriesMb: [1769], thresholds: { latency: 0.05, cost: 0.05, memory: null } },
      weights: { latency: 0.5, cost: 0.5 },
      serviceLevels: { maxP99Ms: null, maxCostPerMillionUsd: null },
      outputTolerances: {},
    });
    expect({ failOn, waivers, onlyChanged }).toEqual({
      failOn: ['regressed', 'unmeasured'],
      waivers: [],
      onlyChanged: false,
    });
  });

  it("a model's own beats the defaults, those the inputs, those what is built in", async () => {
    const text = [
      'defaults:',
      '  memory: 885',
      '  batch: [1, 8]',
      'models:',
      '  - path: a.onnx',
      '    memory: [512, 1769]',
      '  - b.onnx',
    ].join('\n');
    const outer = { memory: '128', batch: '2', optimizer: 'vanilla', 'max-minutes': '30' };
    const [a, b] = (await read(text, [], outer)).models;
    expect(a?.inputs).toMatchObject({
      memoriesMb: [512, 1769],
      batches: [1, 8],
      optimizers: ['vanilla'],
      maxMinutes: 30,
    });
    expect(b?.inputs).toMatchObject({ memoriesMb: [885], batches: [1, 8], optimizers: ['vanilla'], gateOn: 'cells' });
  });

  it("what is of the run is the same for all, and the file's fail-on beats the input", async () => {
    const text = 'models: [a.onnx, b.onnx]\nfail-on: [regressed, inconclusive]\n';
    const settings = await read(text, [], { 'fail-on': 'never', seed: '7', 'max-calls': '10' });
    expect(settings.failOn).toEqual(['regressed', 'inconclusive']);
    for (const { inputs } of settings.models) {
      expect(inputs).toMatchObject({ failOn: ['regressed', 'inconclusive'], seed: 7, maxCalls: 10 });
    }
    expect(settings.withoutFile).toMatchObject({ failOn: [], seed: 7 });
    expect((await read(`${ONE}fail-on: never`)).failOn).toEqual([]);
  });

  it('maps and lists replace, and an empty map takes away', async () => {
    const text = [
      'defaults: { input-shape: { x: 1x3 }, max-p99-ms: 50 }',
      'models:',
      '  - { path: a.onnx, input-shape: { y: 1x4 }, max-p99-ms: none }',
      '  - { path: b.onnx, input-shape: {} }',
    ].join('\n');
    const [a, b] = (await read(text)).models;
    expect(a?.inputs.overrides.shapes).toEqual({ y: { dims: [1, 4], dtype: null } });
    expect(a?.serviceLevels.maxP99Ms).toBeNull();
    expect(b?.inputs.overrides.shapes).toEqual({});
    expect(b?.serviceLevels.maxP99Ms).toBe(50);
  });

  it('every setting that a model can have', async () => {
    const text = `
models:
  - path: a.onnx
    memory: 885,1769
    batch: 4
    hardware: [x86_64, arm64]
    optimizer: vanilla, onnx
    baseline: git:main
    input-range: { "a=b": "0:10" }
    input: { "image": "@cat.npy" }
    max-latency-regression: 2.5%
    max-cost-regression: none
    max-memory-regression: 10 %
    max-cold-start-regression: 20%
    max-output-difference: 1%
    gate-on: best
    max-cost-per-million-usd: 1.5
    output-tolerance: 0.1%
    weights: { latency: 3, cost: 1 }
only-changed: true
`;
    const { models, onlyChanged } = await read(text);
    expect(onlyChanged).toBe(true);
    expect(models[0]).toMatchObject({
      inputs: {
        memoriesMb: [885, 1769],
        batches: [4],
        hardware: ['x86_64', 'arm64'],
        optimizers: ['vanilla', 'onnx'],
        baseline: { kind: 'git', ref: 'main' },
        overrides: { ranges: { 'a=b': { low: 0, high: 10 } }, files: { image: 'cat.npy' } },
        thresholds: { latency: 0.025, cost: null, memory: 0.1, coldStart: 0.2 },
        maxOutputDifference: 0.01,
        gateOn: 'best',
      },
      serviceLevels: { maxCostPerMillionUsd: 1.5 },
      outputTolerances: { onnx: 0.001, tvm: 0.001, 'onnx+tvm': 0.001, openvino: 0.001, 'onnx-int8': 0.001 },
      weights: { latency: 0.75, cost: 0.25 },
    });
  });
});

describe('paths and globs', () => {
  const files = ['m/a.onnx', 'm/b.onnx', 'm/deep/c.onnx', 'm/[1].onnx', 'm (old)/d.onnx', 'm/readme.md'];
  const paths = async (text: string) => (await read(text, files)).models.map(({ inputs }) => inputs.model);

  it.each([
    ['m/*.onnx', ['m/[1].onnx', 'm/a.onnx', 'm/b.onnx']],
    ['./m/**/c.onnx', ['m/deep/c.onnx']],
    ['m/{a,b}.onnx', ['m/a.onnx', 'm/b.onnx']],
    ["'m/\\[1\\].onnx'", ['m/[1].onnx']],
    ['m (old)/*.onnx', ['m (old)/d.onnx']],
    ['./m//a.onnx', ['m/a.onnx']],
  ])('%s', async (glob, expected) => {
    expect(await paths(`models:\n  - path: ${glob}\n`)).toEqual(expected);
  });

  it('what is said beside a glob holds for each of its models', async () => {
    const { models } = await read('models: [{ path: "m/*.onnx", batch: 8 }]', files);
    expect(models.map(({ inputs }) => inputs.batches)).toEqual([[8], [8], [8]]);
  });
});

describe('what is refused, with file, line and what is allowed', () => {
  const waiver = '{ model: a.onnx, metric: latency, up-to: 20%, expires: 2026-12-24, reason: x }';
  const cases: readonly [string, string, readonly string[]][] = [
    ['an empty file', '', ['.github/ayci.yml:1: is empty', 'models:', 'ayci init']],
    ['a comment alone', '# nothing\n', ['is empty']],
    ['text', 'hello', ['is text; expected a map with models']],
    ['a list', '- a.onnx', ['is a list; expected a map']],
    ['no models', 'defaults: {}', ['has no models']],
    ['an empty list of models', 'models: []', ['models: is an empty list']],
    ['models that are text', 'models: a.onnx', [':1: models: is text; expected a list of models']],
    [
      'a misspelt key',
      'models:\n  - path: a.onnx\n    memroy: 512\n',
      [':3: models[0]: has no setting "memroy"', 'expected path, memory', 'Did you mean memory?'],
    ],
    ['a misspelt top key', 'model: [a.onnx]\n', ['has no setting "model"', 'Did you mean models?']],
    ['a setting of models at the top', `${ONE}memory: 512\n`, [':2: has no setting "memory"', 'under defaults']],
    ['a setting of the run', `${ONE}max-minutes: 5\n`, ['"max-minutes"', 'give it to the action']],
    ['path in defaults', `${ONE}defaults: { path: x }\n`, ['defaults: has no setting "path"']],
    ['a model without path', 'models: [{ memory: 512 }]', ['models[0]: has no path']],
    ['a model that is a list', 'models: [[a.onnx]]', ['models[0]: is a list']],
    ['a model that is a number', 'models: [5]', ['models[0]: is a number']],
    ['a model without text', 'models:\n  -\n', ['models[0]: is nothing']],
    ['a key twice', 'models:\n  - path: a.onnx\n    path: b.onnx\n', [':3: names "path" twice']],
    [
      'memory too small',
      'models:\n  - path: a.onnx\n    memory: [512,\n      64]\n',
      [':3: models[0].memory: is outside 128 to 10240', '"64"'],
    ],
    [
      'memory as a list of texts',
      'models: [{ path: a.onnx, memory: ["512"] }]',
      ['models[0].memory[0]: is not one item'],
    ],
    ['memory twice', 'models: [{ path: a.onnx, memory: [512, 512] }]', ['names an item twice']],
    ['memory of nothing', 'models: [{ path: a.onnx, memory: }]', ['models[0].memory: is nothing']],
    ['an empty list of memory', 'models: [{ path: a.onnx, memory: [] }]', ['is an empty list']],
    ['memory that is true', 'models: [{ path: a.onnx, memory: true }]', ['is true or false']],
    [
      'commas within a list',
      'models: [{ path: a.onnx, hardware: ["x86_64,arm64"] }]',
      ['hardware[0]: is not one item'],
    ],
    [
      'wrong defaults, though no model uses them',
      'defaults:\n  memory: 1\nmodels: [{ path: a.onnx, memory: 512 }]',
      [':2: defaults.memory: is outside 128'],
    ],
    [
      'a limit without %',
      'defaults:\n  max-latency-regression: 5\nmodels: [a.onnx]',
      [':2: defaults.max-latency-regression: has no % sign', 'Write 5%'],
    ],
    [
      'a tolerance without %',
      'models: [{ path: a.onnx, output-tolerance: 0.1 }]',
      ['models[0].output-tolerance: has no % sign'],
    ],
    [
      'a baseline that is an option',
      'models: [{ path: a.onnx, baseline: "git:--x" }]',
      ['models[0].baseline: is not a git ref'],
    ],
    ['a baseline that is a number', 'models: [{ path: a.onnx, baseline: 12 }]', ['is a number, got 12']],
    [
      'a shape',
      'models:\n  - path: a.onnx\n    input-shape:\n      x: 1x3\n      y: 1xn\n',
      [':5: models[0].input-shape."y"', '"y=1xn"'],
    ],
    ['shapes as text', 'models: [{ path: a.onnx, input-shape: x=1x3 }]', ['input-shape: is text; expected a map']],
    ['an equals sign in a file', 'models: [{ path: a.onnx, input: { x: "@a=b.npy" } }]', ['has an equals sign']],
    [
      'a file and a range',
      'models: [{ path: a.onnx, input: { x: "@a.npy" }, input-range: { x: "0:1" } }]',
      ['models[0].input', 'range as well'],
    ],
    [
      'a line break in a name',
      'models: [{ path: a.onnx, input-shape: { "x\\ny": 1x3 } }]',
      ['is not a name of an input'],
    ],
    ['a line break in a value', 'models: [{ path: a.onnx, input-shape: { x: "1\\ny=2" } }]', ['line break']],
    ['a p99 of 0', 'models: [{ path: a.onnx, max-p99-ms: 0 }]', ['max-p99-ms: is outside the bounds, got 0']],
    ['a p99 in words', 'models: [{ path: a.onnx, max-p99-ms: 20 ms }]', ['is not a number, got "20 ms"']],
    ['no number', 'models: [{ path: a.onnx, max-p99-ms: .nan }]', ['is outside the bounds, got NaN']],
    ['weights of one', 'models: [{ path: a.onnx, weights: { latency: 1 } }]', ['weights: has no cost']],
    ['weights of nothing', 'models: [{ path: a.onnx, weights: { latency: 0, cost: 0 } }]', ['are both 0']],
    [
      'an unknown weight',
      'models: [{ path: a.onnx, weights: { latency: 1, cost: 1, size: 1 } }]',
      ['weights: has no setting "size"'],
    ],
    ['only-changed in words', `${ONE}only-changed: yes\n`, ['only-changed: is text; expected true or false']],
    ['fail-on', `${ONE}fail-on: [slower]\n`, [':2: fail-on: is not known, got "slower"']],
    [
      'a model twice',
      'models:\n  - a.onnx\n  - ./a.onnx\n',
      [':3: models[1]: names "a.onnx" again', 'it is in models[0]'],
    ],
    [
      'a model twice by a glob',
      'models:\n  - m/a.onnx\n  - path: m/*\n',
      [':3: models[1].path: names "m/a.onnx" again'],
    ],
    ['a glob of nothing', 'models:\n  - none/*.onnx\n', [':2: models[0]: matches nothing, got "none/*.onnx"']],
    ['.. in a path', 'models: [../a.onnx]', ['leads out of the repository']],
    ['.. in a glob', 'models: ["m/../../*"]', ['leads out of the repository']],
    ['an absolute path', 'models: [/etc/passwd]', ['is an absolute path']],
    ['a backslash', "models: ['m\\a.onnx']", ['has a backslash']],
    ['many stars', `models: ["${'*a'.repeat(17)}"]`, ['more than 16 stars']],
    ['a path that names nothing', 'models: [./]', ['is not the path of a file']],
    ['a blank path', 'models: [" "]', ['is empty']],
    ['a long path', `models: [${'a'.repeat(513)}]`, ['has 513 characters; expected at most 512']],
    [
      'a waiver without date',
      `${ONE}waivers:\n  - ${waiver.replace('expires: 2026-12-24, ', '')}`,
      [':3: waivers[0]: has no expires', 'YYYY-MM-DD'],
    ],
    ['a waiver without reason', `${ONE}waivers: [${waiver.replace(', reason: x', '')}]`, ['waivers[0]: has no reason']],
    [
      'a waiver with a blank reason',
      `${ONE}waivers: [${waiver.replace('reason: x', 'reason: " "')}]`,
      ['waivers[0].reason: is empty'],
    ],
    ['a waiver without size', `${ONE}waivers: [${waiver.replace('up-to: 20%, ', '')}]`, ['waivers[0]: has no up-to']],
    ['a waiver without end', `${ONE}waivers: [${waiver.replace('20%', 'none')}]`, ['waivers[0].up-to: is no limit']],
    ['a waiver without %', `${ONE}waivers: [${waiver.replace('20%', '20')}]`, ['up-to: has no % sign']],
    [
      'a waiver of an unknown metric',
      `${ONE}waivers: [${waiver.replace('latency', 'speed')}]`,
      ['waivers[0].metric: is not known, got "speed"', 'cold-start'],
    ],
    ['a waiver of runs with a size', `${ONE}waivers: [${waiver.replace('latency', 'runs')}]`, ['runs has no size']],
    [
      'a waiver of 30 February',
      `${ONE}waivers: [${waiver.replace('2026-12-24', '2027-02-30')}]`,
      ['expires: is not a date, got "2027-02-30"'],
    ],
    [
      'a waiver of another notation',
      `${ONE}waivers: [${waiver.replace('2026-12-24', '24.12.2026')}]`,
      ['is not a date'],
    ],
    [
      'a waiver for two years',
      `${ONE}waivers: [${waiver.replace('2026-12-24', '2027-11-25')}]`,
      ['is more than a year ahead of 2026-11-24'],
    ],
    [
      'a waiver twice',
      `${ONE}waivers: [${waiver}, ${waiver.replace('20%', '30%')}]`,
      ['waivers[1]: is for the same model and metric as waivers[0]'],
    ],
    [
      '101 waivers',
      `${ONE}waivers:\n${`  - ${waiver}\n`.repeat(101)}`,
      ['waivers: has 101 items; expected at most 100'],
    ],
    [
      'an unknown key of a waiver',
      `${ONE}waivers: [${waiver.replace('reason', 'raeson')}]`,
      ['waivers[0]: has no setting "raeson"', 'Did you mean reason?'],
    ],
  ];
  it.each(cases)('%s', async (_name, text, parts) => {
    const message = await refusal(text, ['m/a.onnx', 'm/b.onnx']);
    expect(message).toMatch(/^\.github\/ayci\.yml:\d+/);
    for (const part of parts) expect(message).toContain(part);
    expect(message).not.toContain('\n');
  });

  it('a glob of 10,000 files', async () => {
    const files = Array.from({ length: 10_000 }, (_, at) => `m/${at}.onnx`);
    expect(await refusal('models: ["m/*"]', files)).toContain('"m/*" matches 10000 files; expected at most 200');
  });

  it('201 models of two globs', async () => {
    const files = Array.from({ length: 201 }, (_, at) => `${at % 2 === 0 ? 'm' : 'n'}/${at}.onnx`);
    expect(await refusal('models: ["m/*", "n/*"]', files)).toContain('name 201 models; expected at most 200');
  });

  it('inputs from outside, by their own place', async () => {
    expect(await refusal(ONE, [], { memory: '1' })).toContain('with: memory: is outside 128');
    expect(await refusal('models: [{ path: a.onnx, memory: 512 }]', [], { memory: '1' })).toContain('with: memory');
    expect(await refusal(ONE, [], { model: 'b.onnx' })).toContain('with: model: is given beside a configuration file');
  });

  it('a hostile value in one harmless line', async () => {
    const message = await refusal('models: [{ path: "a\\n::error::x\\e[31m" }]');
    expect(message).not.toMatch(/\p{Cc}/u);
    expect(message).toContain('a\\n::error::x');
  });
});

describe('waivers', () => {
  it('name the models that they are for', async () => {
    const text = `
models: [m/a.onnx, m/b.onnx, n/c.onnx]
waivers:
  - { model: m/*, metric: cold-start, up-to: 20%, expires: 2027-11-24, reason: " known " }
  - { model: gone.onnx, metric: runs, expires: 2020-01-01, reason: too small }
`;
    expect((await read(text)).waivers).toEqual([
      {
        model: 'm/*',
        models: ['m/a.onnx', 'm/b.onnx'],
        metric: 'coldStart',
        upTo: 0.2,
        expires: '2027-11-24',
        reason: 'known',
        place: '.github/ayci.yml:4: waivers[0]',
      },
      {
        model: 'gone.onnx',
        models: [],
        metric: 'runs',
        upTo: null,
        expires: '2020-01-01',
        reason: 'too small',
        place: '.github/ayci.yml:5: waivers[1]',
      },
    ]);
  });
});

describe('the example', () => {
  it('is read', async () => {
    const text = readFileSync(`${ROOT}examples/config/ayci.yml`, 'utf8');
    const { models, waivers } = await read(text, ['models/text/a.onnx']);
    expect(models.map(({ inputs }) => inputs.model)).toEqual([
      'models/detector.onnx',
      'models/vad.onnx',
      'models/text/a.onnx',
    ]);
    expect(waivers[0]?.models).toEqual(['models/detector.onnx']);
  });

  it('and so is the one of the page', async () => {
    const [, text = ''] = /```yaml\n([\s\S]*?)```/.exec(readFileSync(`${ROOT}docs/config-file.md`, 'utf8')) ?? [];
    expect((await read(text, ['models/text/a.onnx'])).models).toHaveLength(3);
  });
});
