import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadKept, loadModel } from '../../../src/model/load.ts';
import { reasonAgainst } from '../../../src/model/mxnet/operators.ts';
import { readParams } from '../../../src/model/mxnet/params.ts';
import { withBytes } from '../../../src/model/zip.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { refusalOf } from '../../support/refusal.ts';

const fixtures = fileURLToPath(new URL('fixtures/', import.meta.url));
const fixture = (name: string) => join(fixtures, name);

/** A folder with a copy of the exported net, which a test may change. */
async function copied() {
  const folder = await temporaryFolder();
  for (const name of ['gluon-symbol.json', 'gluon-0000.params']) await cp(fixture(name), join(folder.path, name));
  return folder;
}

type SymbolJson = {
  nodes: { op: string; name: string; attrs?: Record<string, string>; inputs: number[][] }[];
  heads: number[][];
};

/** What is said of the exported net with another symbol: changed in place, or the text that is returned. */
async function said(change: (symbol: SymbolJson) => string | undefined): Promise<string> {
  await using folder = await copied();
  const path = join(folder.path, 'gluon-symbol.json');
  const symbol = JSON.parse(await readFile(path, 'utf8')) as SymbolJson;
  await writeFile(path, change(symbol) ?? JSON.stringify(symbol));
  return await refusalOf(loadModel(path, '--model'));
}

/** What is said of the exported net with other parameters. */
async function saidOfParams(change: (bytes: Buffer) => Buffer): Promise<string> {
  await using folder = await copied();
  const path = join(folder.path, 'gluon-0000.params');
  await writeFile(path, change(await readFile(path)));
  return await refusalOf(loadModel(path, '--model'));
}

describe('an MXNet model', () => {
  it('tells inputs, outputs, operators and weights, by any of its names', async () => {
    const model = await loadModel(fixture('gluon-symbol.json'), '--model');
    expect(model).toMatchObject({
      framework: 'mxnet',
      entry: 'model-symbol.json',
      files: [{ path: 'model-symbol.json' }, { path: 'model-0000.params' }],
      signature: { inputs: [{ name: 'data', dtype: null, dims: null }], outputs: ['dense0_fwd'] },
      operators: { Convolution: 1, BatchNorm: 1, Pooling: 1, Flatten: 1, FullyConnected: 1 },
      // 108 + 4 of the convolution, 4 x 4 of the norm, 20 + 5 of the head.
      parameters: 153,
    });
    for (const name of ['gluon', 'gluon-0000.params'])
      expect((await loadModel(fixture(name), '--model')).key).toBe(model.key);
    const kept = await loadKept(model.files, model.entry, model.key, '--baseline');
    expect(kept.signature).toEqual(model.signature);
  });

  it('tells the shape and type that its symbol has, and no label of a loss', async () => {
    const { signature, files } = await loadModel(fixture('module'), '--model');
    expect(signature).toEqual({
      inputs: [{ name: 'data', dtype: 'float32', dims: [null, 3, 4, 4] }],
      outputs: ['softmax'],
    });
    // Whatever the epoch is: the artifact's name is the same.
    expect(files.map((file) => file.path)).toEqual(['model-symbol.json', 'model-0000.params']);
  });
});

describe('its two files', () => {
  it('one without the other', async () => {
    await using folder = await copied();
    const path = (name: string) => join(folder.path, name);
    await cp(fixture('gluon-0000.params'), path('alone-0000.params'));
    expect(await refusalOf(loadModel(path('alone-0000.params'), '--model'))).toContain(
      '"alone-0000.params" has no symbol beside it; expected "alone-symbol.json"',
    );
    await cp(fixture('gluon-0000.params'), path('gluon.params'));
    expect(await refusalOf(loadModel(path('gluon.params'), '--model'))).toContain('has no epoch in its name');
    await rm(path('gluon-0000.params'));
    expect(await refusalOf(loadModel(path('gluon'), '--model'))).toContain(
      '"gluon-symbol.json" has no parameters beside it; expected "gluon-0000.params"',
    );
  });

  it('of several epochs are chosen by the name of one, and another one is not there', async () => {
    await using folder = await copied();
    const path = (name: string) => join(folder.path, name);
    await cp(fixture('gluon-0000.params'), path('gluon-0012.params'));
    // Of other models.
    await cp(fixture('gluon-0000.params'), path('gluon-b-0000.params'));
    const line = await refusalOf(loadModel(path('gluon-symbol.json'), '--model'));
    expect(line).toContain('has parameters of 2 epochs beside it: "gluon-0000.params", "gluon-0012.params"');
    expect((await loadModel(path('gluon-0012.params'), '--model')).parameters).toBe(153);
    expect(await refusalOf(loadModel(path('gluon-0007.params'), '--model'))).toContain(
      'there is no "gluon-0007.params"; there is "gluon-0000.params", "gluon-0012.params"',
    );
  });

  it('of two models', async () => {
    await using folder = await copied();
    const path = join(folder.path, 'gluon-0000.params');
    await cp(fixture('module-0007.params'), path);
    expect(await refusalOf(loadModel(path, '--model'))).toMatch(
      /has parameters without "conv0_weight", "conv0_bias", "batchnorm0_gamma" and \d more\. Are they of this symbol\?/,
    );
  });
});

describe('a hostile symbol', () => {
  const last = ({ nodes }: SymbolJson) => nodes[nodes.length - 1] ?? { op: '', name: '', inputs: [] };
  it.each<readonly [string, (symbol: SymbolJson) => string | undefined, string]>([
    [
      'a custom operator',
      (symbol) => void Object.assign(last(symbol), { op: 'Custom' }),
      'has an operator Custom ("dense0_fwd": it runs code that the model does not hold)',
    ],
    [
      'a fused library',
      (symbol) => void Object.assign(last(symbol), { op: '_sg_evil' }),
      'has an operator _sg_evil ("dense0_fwd": it belongs to one library and CPU',
    ],
    [
      'a custom operator in a subgraph',
      (symbol) =>
        void Object.assign(last(symbol), { subgraphs: [{ nodes: [{ op: 'Custom', name: 'x', inputs: [] }] }] }),
      'has an operator Custom ("x": it runs code',
    ],
    [
      'a library',
      (symbol) => void Object.assign(last(symbol), { attrs: { lib_path: '/tmp/x.so' } }),
      'names a library',
    ],
    [
      'a cycle',
      (symbol) => void Object.assign(last(symbol), { inputs: [[symbol.nodes.length - 1, 0, 0]] }),
      'takes what is not before it',
    ],
    ['no nodes', (symbol) => void Object.assign(symbol, { nodes: [] }), 'its symbol has no nodes'],
    [
      'an output from nowhere',
      (symbol) => void Object.assign(symbol, { heads: [[99, 0, 0]] }),
      'its symbol gives what is not in it',
    ],
    [
      'very many nodes',
      (symbol) => void Object.assign(symbol, { nodes: [...Array(100_001)].map(() => symbol.nodes[0]) }),
      'has a symbol of 100001 nodes; expected at most 100000. Export a smaller net.',
    ],
    [
      'very many outputs',
      (symbol) => void Object.assign(symbol, { heads: [...Array(10_001)].map(() => [0, 0, 0]) }),
      'has a symbol of 10001 outputs; expected at most 10000. Export it with fewer outputs.',
    ],
    ['no outputs', (symbol) => void Object.assign(symbol, { heads: [] }), 'its symbol gives nothing'],
    ['no JSON', () => '{"nodes": [', 'its symbol is no JSON'],
    ['other JSON', () => '[]', 'its symbol has no nodes'],
    ['depth', () => `{"nodes": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'has no operator or no name'],
    ['nothing', () => '', 'is empty; expected an MXNet model'],
  ])('with %s', async (_name, change, part) => {
    expect(await said(change)).toContain(part);
  });
});

describe('operators of MXNet', () => {
  it.each([
    ...[
      'Custom',
      '_npi_Custom',
      '_CustomFunction',
      '_backward_Custom',
      '_backward_CustomFunction',
      '_Native',
      '_NDArray',
    ],
    ...[
      '_backward__Native',
      '_backward__NDArray',
      '_CachedOp',
      '_CachedOpThreadSafe',
      '_backward_CachedOp',
      '_FusedOp',
    ],
    ...['_cvimread', '_cvimdecode', '_cvcopyMakeBorder', '_npi_cvimread', '_npi_cvimresize', '_imdecode'],
    ...['_sg_mkldnn_conv', '_TensorRT', '_contrib_tvm_vadd', '_contrib_boolean_tvm_equal', '_backward_backward_Custom'],
  ])('%s is refused', async (op) => {
    const line = await said((symbol) => void Object.assign(symbol.nodes.at(-1) ?? {}, { op }));
    expect(line).toContain(`has an operator ${op} ("dense0_fwd": it `);
  });

  it.each([
    'Convolution',
    '_backward_Convolution',
    '_npi_cumsum',
    '_npi_conv',
    'Concat',
    '_copy',
    '_cond',
    '_contrib_ROIAlign',
    '_image_resize',
  ])('%s computes', (op) => {
    expect(reasonAgainst(op)).toBeNull();
  });
});

describe('an output of a node that gives several', () => {
  it('is told with its number', async () => {
    await using folder = await copied();
    const path = join(folder.path, 'gluon-symbol.json');
    const symbol = JSON.parse(await readFile(path, 'utf8')) as SymbolJson;
    const last = symbol.nodes.length - 1;
    await writeFile(
      path,
      JSON.stringify({
        ...symbol,
        heads: [
          [last, 0, 0],
          [last, 1, 0],
          [0, 0, 0],
        ],
      }),
    );
    const { signature } = await loadModel(path, '--model');
    expect(signature.outputs).toEqual(['dense0_fwd[0]', 'dense0_fwd[1]', 'data']);
  });
});

describe('parameters', () => {
  /** An array of float32 zeros as MXNet 1.9 writes it. */
  function array(size: number): Buffer {
    const head = Buffer.alloc(32);
    head.writeUInt32LE(0xf993fac9, 0);
    head.writeInt32LE(1, 8);
    head.writeBigInt64LE(BigInt(size), 12);
    head.writeInt32LE(1, 20);
    return Buffer.concat([head, Buffer.alloc(4 * size)]);
  }

  function number(value: number): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    return bytes;
  }

  it('of more than the block that is read at once are read on', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'x.params');
    const sizes = [...Array(3000).keys()].map((at) => (at % 1000 === 500 ? 50_000 : at % 7));
    const names = sizes.map((_, at) => `arg:w${at}`);
    const parts = [
      ...[number(0x112), number(0), number(sizes.length), ...sizes.map(array), number(names.length)],
      ...names.flatMap((name) => [number(name.length), Buffer.from(name)]),
    ];
    await writeFile(path, Buffer.concat(parts));
    const elements = sizes.reduce((sum, size) => sum + size, 0);
    expect(await withBytes(path, readParams)).toEqual({ names, elements });
    await writeFile(path, Buffer.concat([number(0x112), number(0), number(100_001)]));
    await expect(withBytes(path, readParams)).rejects.toThrow('it has 100001 arrays');
  });
});

describe('hostile parameters', () => {
  const patched = (at: number, bytes: string) => (buffer: Buffer) => {
    Buffer.from(bytes, 'hex').copy(buffer, at);
    return buffer;
  };
  // 0: list magic, 16: count, 24: the first array: magic, storage, axes, 4 sizes, context, type, data.
  it.each([
    ['of another kind', patched(0, 'ff'), 'it does not begin as parameters of MXNet do'],
    ['with a huge count', patched(16, 'ffffffffffffff7f'), 'it has 9223372036854775807 arrays'],
    ['with more arrays than there are', patched(16, 'ffff'), 'cannot be read'],
    ['with a sparse array', patched(28, '01'), 'it has a sparse array'],
    ['with a huge rank', patched(32, 'ffffff7f'), 'it has an array of 2147483647 dimensions'],
    ['with a huge size', patched(36, 'ffffffffffffff0f'), 'it has a tensor of'],
    ['with a negative size', patched(36, 'ffffffffffffffff'), 'it has a tensor of -1'],
    ['with an unknown type', patched(76, '63'), 'it has an array of element type 99'],
    ['cut short', (buffer: Buffer) => buffer.subarray(0, 700), 'it ends early'],
    ['that go on', (buffer: Buffer) => Buffer.concat([buffer, Buffer.of(0)]), 'it goes on for 1 bytes after its names'],
    ['that are empty', () => Buffer.of(), 'cannot be read: it ends early'],
  ])('%s', async (_name, change, part) => {
    expect(await saidOfParams(change)).toContain(part);
  });
});
