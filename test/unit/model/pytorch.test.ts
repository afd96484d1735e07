import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadModel } from '../../../src/model/load.ts';
import { isPlainGuard, plainExpression } from '../../../src/model/pytorch/expressions.ts';
import { operatorOf } from '../../../src/model/pytorch/operators.ts';
import { checkPickle } from '../../../src/model/pytorch/pickle.ts';
import { forwardOf } from '../../../src/model/pytorch/schema.ts';
import { checkTree, outputNames } from '../../../src/model/pytorch/tree.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { refusalOf } from '../../support/refusal.ts';
import { changed, unzipped } from '../../support/unzip.ts';
import { deflatedZeros, type ZipFile, zipOf } from '../../support/zip.ts';

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const bytesOf = (name: string) => readFile(fixture(name));

/** What is said of a file with these bytes. */
async function said(name: string, bytes: Uint8Array): Promise<string> {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, name), bytes);
  return await refusalOf(loadModel(join(folder.path, name), '--model'));
}

describe('an exported program', () => {
  it('tells inputs, outputs, operators and weights', async () => {
    expect(await loadModel(fixture('image.pt2'), '--model')).toMatchObject({
      framework: 'pytorch',
      entry: 'model.pt2',
      files: [{ path: 'model.pt2' }],
      signature: {
        inputs: [{ name: 'image', dtype: 'float32', dims: [expect.stringMatching(/^s\d+$/), 3, 16, 16] }],
        outputs: ['output'],
      },
      operators: { 'aten.conv2d': 1, 'aten.batch_norm': 1, 'aten.relu': 1, 'aten.mean': 1, 'aten.linear': 1 },
      // Weights, and the statistics of the norm: 108 + 4 + 4 + 4 + 20 + 5 + 4 + 4 + 1.
      parameters: 154,
      opsets: { aten: 10 },
    });
  });

  it('tells nested inputs and outputs in order, and shares a size between inputs', async () => {
    const { inputs, outputs } = (await loadModel(fixture('tokens.pt2'), '--model')).signature;
    expect(inputs.map(({ name, dtype }) => [name, dtype])).toEqual([
      ['input_ids', 'int64'],
      ['attention_mask', 'int64'],
      ['extra_bias_0', 'float32'],
    ]);
    expect(inputs[0]?.dims).toEqual(inputs[1]?.dims);
    expect(new Set(inputs[0]?.dims).size).toBe(2);
    expect(outputs).toEqual(['output.hidden', 'output.pooled[0]', 'output.pooled[1]']);
  });
});

describe('TorchScript', () => {
  it('tells the names of what it takes, and neither type nor rank', async () => {
    expect(await loadModel(fixture('traced.pt'), '--model')).toMatchObject({
      framework: 'pytorch',
      entry: 'model.pt',
      signature: { inputs: [{ name: 'image', dtype: null, dims: null }], outputs: ['output'] },
      operators: { 'aten._convolution': 1, 'aten.batch_norm': 1, 'aten.linear': 1 },
      parameters: 154,
    });
  });

  it('leaves out what has a default', async () => {
    const { signature } = await loadModel(fixture('scripted.pt'), '--model');
    expect(signature).toEqual({
      inputs: [{ name: 'ids', dtype: null, dims: null }],
      outputs: ['output[0]', 'output[1][0]', 'output[1][1]'],
    });
  });

  it('with other arguments than tensors is refused', async () => {
    const listed = (text: string) => text.replace('image: Tensor', 'image: List[Tensor]');
    const bytes = await changed(await bytesOf('traced.pt'), { 'code/__torch__.py': listed });
    expect(await said('m.pt', bytes)).toContain('takes "image", a List[Tensor]; AYCI feeds tensors. Give its forward');
  });

  it.each([
    ['torch.from_file("/etc/passwd", False, 10)', 'calls aten::from_file'],
    ['torch . save ([image], "/tmp/x")', 'calls aten::save'],
    ['image.save("/tmp/x")', 'calls aten::save'],
    ['ops.evil.run(image)', 'calls evil::run'],
    ['ops . prim . rpc_sync (image)', 'calls prim::rpc_sync'],
    ['getattr(torch, "sa" "ve")(image, "/tmp/x")', 'an attribute whose name is no plain text'],
    ['getattr(torch, "s\\141ve")(image, "/tmp/x")', 'an attribute whose name is no plain text'],
    ['getattr(torch, "save")(image, "/tmp/x")', 'an attribute whose name is no plain text'],
    ['getattr', 'an attribute whose name is no plain text'],
    ['ops\n    _8 = _9.evil.run(image)', 'has code that torch does not write: ops. without a call'],
    ['ops.evil\n    _8 = _9.run(image)', 'ops.evil without a call'],
    ['(ops).evil.run(image)', 'ops. without a call'],
    ['1.\n    ops.evil.run(image)', 'calls evil::run'],
    ['...\n    ops.evil.run(image)', 'calls evil::run'],
    ['torch', 'torch. without a call'],
    ['__torch__.torch.classes.dist_rpc.WorkerInfo("", 1)', 'calls torch.classes.dist_rpc'],
    ['__torch__.torch\n    _8 = _9.classes.dist_rpc.WorkerInfo("", 1)', 'a part of the name of a class'],
    ['"a" "b"', 'texts side by side'],
    ["'a'", "has code that torch does not write: \"'a'"],
    ['1 # a', 'has code that torch does not write: "# a'],
  ])('that calls %s is refused', async (call, part) => {
    const added = (text: string) => text.replace('-> Tensor:\n', `-> Tensor:\n    _9 = ${call}\n`);
    const bytes = await changed(await bytesOf('traced.pt'), { 'code/__torch__.py': added });
    expect(await said('m.pt', bytes)).toContain(part);
  });

  it.each(['getattr(image, "0")', 'print("torch.save ops.evil", 1.5e-05)', 'ops.aten.add(image, 1)', 'image.ops.evil'])(
    'that has %s is read',
    async (line) => {
      const added = (text: string) => text.replace('-> Tensor:\n', `-> Tensor:\n    _9 = ${line}\n`);
      const bytes = await changed(await bytesOf('traced.pt'), { 'code/__torch__.py': added });
      await using folder = await temporaryFolder();
      await writeFile(join(folder.path, 'm.pt'), bytes);
      expect((await loadModel(join(folder.path, 'm.pt'), '--model')).operators).toHaveProperty(['aten.linear'], 1);
    },
  );

  it('whose pickle names a class of PyTorch that does more than compute is refused', async () => {
    const traced = await bytesOf('traced.pt');
    const data = [...(await unzipped(traced))].find(([name]) => name.endsWith('/data.pkl'))?.[1] ?? Buffer.of();
    const other = data.toString('latin1').replace(/c__torch__\n/, 'c__torch__.torch.classes.dist_rpc\n');
    const bytes = await changed(traced, { 'constants.pkl': Buffer.from(other, 'latin1') });
    expect(await said('m.pt', bytes)).toContain('constants.pkl has "__torch__.torch.classes.dist_rpc.');
  });

  it('reads the forward of the class that is asked for', () => {
    const source =
      'class A(Module):\n  def forward(self: __torch__.A,\n    x: Tensor) -> Tensor:\n    return x\nclass B(Module):\n  training : bool\n  def forward(self: __torch__.B,\n    a: Tensor,\n    b: Dict[str, Tuple[int, int]],\n    c: str=",(") -> Tuple[Tensor, Dict[str, Tensor]]:\n    return a\n';
    expect(forwardOf(source, 'B')).toEqual({
      arguments: [
        { name: 'a', type: 'Tensor', optional: false },
        { name: 'b', type: 'Dict[str, Tuple[int, int]]', optional: false },
        { name: 'c', type: 'str', optional: true },
      ],
      outputs: ['output[0]', 'output[1]'],
    });
    expect(forwardOf(source, 'C')).toBeNull();
    expect(forwardOf('class A(Module):\n  training : bool\n', 'A')).toBeNull();
  });
});

describe('what PyTorch saves beside models', () => {
  it.each([
    ['weights.pt', 'is a checkpoint', 'torch.export.save'],
    ['legacy.pt', 'is a Python pickle; AYCI never loads pickles', 'torch.export.save'],
  ])('%s is refused, and the error says how to export', async (name, what, how) => {
    const line = await refusalOf(loadModel(fixture(name), '--model'));
    expect(line).toContain(what);
    expect(line).toContain(how);
  });

  it.each([
    ['m.pt', 'image.pt2', 'is an exported program. Name it .pt2.'],
    ['m.pt2', 'traced.pt', 'is TorchScript. Name it .pt'],
    ['m.pt2', 'weights.pt', 'is a checkpoint (weights in a pickle)'],
    ['m.onnx', 'image.pt2', 'is a zip archive; expected an ONNX model'],
  ])('%s that is %s', async (name, content, part) => {
    expect(await said(name, await bytesOf(content))).toContain(part);
  });

  it('an archive of torch 2.7 is refused, and the error says to export it again', async () => {
    const old = zipOf([
      { name: 'version', bytes: Buffer.from('8.8') },
      { name: 'serialized_exported_program.json', bytes: Buffer.from('{}') },
    ]);
    expect(await said('m.pt2', old)).toContain('torch 2.7 and older. Export it again');
  });
});

describe('a hostile .pt2', () => {
  const program = (change: (json: string) => string) => ({ 'models/model.json': change });
  const target = (name: string) => program((json) => json.replace('torch.ops.aten.relu.default', name));

  it('never unpickles', async () => {
    await using folder = await temporaryFolder();
    const proof = join(folder.path, 'ran');
    const dump = `import pickle, sys
class Evil:
    def __reduce__(self): return (open, (${JSON.stringify(proof)}, 'w'))
sys.stdout.buffer.write(pickle.dumps(Evil(), 2))`;
    const evil = execFileSync('python3', ['-c', dump]);
    const asked = (json: string) => json.replace('"use_pickle": false', '"use_pickle": true');
    const image = await bytesOf('image.pt2');
    const inner = await unzipped((await unzipped(image)).get('image/data/sample_inputs/model.pt') ?? Buffer.of());
    const sample = zipOf(
      [...inner].map(([name, bytes]) => ({ name, bytes: name.endsWith('data.pkl') ? evil : bytes })),
    );
    const archives: readonly [Buffer, string][] = [
      [
        await changed(image, { 'data/weights/model_weights_config.json': asked, 'data/weights/weight_0': evil }),
        'asks for pickle: "conv.weight" of its weights',
      ],
      [
        await changed(image, { 'data/sample_inputs/model.pt': sample }),
        'data/sample_inputs/model.pt/data.pkl has "io.open"',
      ],
      [await changed(image, { 'data/weights/model.pt': evil }), 'has an unknown member, got "data/weights/model.pt"'],
    ];
    for (const [bytes, part] of archives) expect(await said('m.pt2', bytes)).toContain(part);
    const script = await changed(await bytesOf('traced.pt'), { 'constants.pkl': evil });
    expect(await said('m.pt', script)).toContain('constants.pkl has "io.open"');
    expect(existsSync(proof)).toBe(false);
    execFileSync('python3', ['-c', 'import pickle, sys; pickle.load(sys.stdin.buffer)'], { input: evil });
    expect(existsSync(proof)).toBe(true);
  });

  it.each([
    ['a function of Python', target('torch.os.system'), 'calls "torch.os.system"'],
    [
      'an operator that opens files',
      target('torch.ops.aten.from_file.default'),
      'calls "torch.ops.aten.from_file.default"',
    ],
    ['a library', target('torch.ops.load_library'), 'calls "torch.ops.load_library"'],
    ['an operator of its own', target('torch.ops.evil.run.default'), 'calls "torch.ops.evil.run.default"'],
    [
      'an operator as an argument',
      program((json) => json.replace('{"as_bool": false}', '{"as_operator": "torch.os.system"}')),
      'calls "torch.os.system"',
    ],
    [
      'code as a size',
      program((json) =>
        json.replace(/Symbol\('s\d+', positive=True, integer=True\)/, "__import__('os').system('true')"),
      ),
      'has a size that is no arithmetic',
    ],
    [
      'code as a guard',
      program((json) => json.replace('"guards_code": []', '"guards_code": ["print(1)"]')),
      'has a guard that is no comparison of sizes',
    ],
    [
      'a text with quotes',
      program((json) => json.replace('{"as_bool": false}', '{"as_string": "it\'s"}')),
      'has a constant with quotes or control characters: "it\'s"',
    ],
    [
      'a nesting of its own',
      program((json) => json.replace('"out_spec": "[1, ', '"out_spec": "[1, 2, ')),
      'nests its inputs or outputs by "[1, 2, ',
    ],
    [
      'an input that is no tensor',
      program((json) =>
        json.replace(
          '{"user_input": {"arg": {"as_tensor": {"name": "image"}}}}',
          '{"user_input": {"arg": {"as_int": 3}}}',
        ),
      ),
      'takes "int" as input',
    ],
    ['compiled code', { 'data/aotinductor/model/m.so': 'ELF' }, 'holds compiled code'],
    ['a second program', { 'models/other.json': '{}' }, 'holds 2 programs'],
    [
      'a weight that lies elsewhere',
      {
        'data/weights/model_weights_config.json': (json: string) =>
          json.replace('"path_name": "weight_0"', '"path_name": "../../x"'),
      },
      'keeps "conv.weight" of its weights in "../../x"',
    ],
    ['no program', { 'models/model.json': null }, 'it holds no models/model.json'],
    ['no JSON', { 'models/model.json': '{"a": ' }, 'its models/model.json is no JSON'],
    ['JSON of something else', { 'models/model.json': '[]' }, 'is no exported program'],
  ])('with %s is refused', async (_name, changes, part) => {
    expect(await said('m.pt2', await changed(await bytesOf('image.pt2'), changes))).toContain(part);
  });

  const sound: ZipFile = { name: 'm/models/model.json', bytes: Buffer.from('{}') };
  it.each<readonly [string, ZipFile, string]>([
    ['a name that leads elsewhere', { name: 'm/../../x', bytes: Buffer.of(1) }, 'x'],
    ['a doubled name', { ...sound, name: 'm/models/MODEL.json' }, 'twice in it'],
    ['a link', { name: 'm/link', bytes: Buffer.from('/etc/passwd'), mode: 0o120777 }, 'as a link or device in it'],
    ['encryption', { name: 'm/secret', bytes: Buffer.of(1), encrypted: true }, 'encrypted in it'],
    ['an odd name', { name: 'm/a\nb', bytes: Buffer.of(1) }, 'by an odd name in it'],
    [
      'a bomb',
      { name: 'm/bomb', bytes: Buffer.of(), packed: deflatedZeros(300 * 2 ** 20), uncompressedSize: 300 * 2 ** 20 },
      'unpacks to more than 100 times its size',
    ],
    [
      'more in a member than its directory says',
      { name: 'm/models/other.json', bytes: Buffer.of(), packed: deflatedZeros(2 ** 20), uncompressedSize: 10 },
      'holds 2 programs',
    ],
  ])('with %s is refused', async (_name, file, part) => {
    expect(await said('m.pt2', zipOf([sound, file]))).toContain(part);
  });

  it('that says less than a member holds is refused', async () => {
    const liar = { ...sound, packed: deflatedZeros(2 ** 20), uncompressedSize: 10 };
    expect(await said('m.pt2', zipOf([liar]))).toContain('is not an exported PyTorch program that can be read');
  });

  it('with something before or behind it is refused', async () => {
    const image = await bytesOf('image.pt2');
    expect(await said('m.pt2', Buffer.concat([image, Buffer.of(0)]))).toContain('ends early, or in something else');
    expect(await said('m.pt2', Buffer.concat([Buffer.from('#!/bin/sh\n'), image]))).toContain('is no zip archive');
  });
});

describe('a pickle of sample inputs', () => {
  const pickled = (...parts: readonly (string | number)[]) =>
    Buffer.concat([
      Buffer.of(0x80, 2),
      ...parts.map((part) => Buffer.from(typeof part === 'string' ? part : [part])),
      Buffer.from('.'),
    ]);
  const text = (value: string) => ['X', value.length, 0, 0, 0, value] as const;

  it.each(['image', 'a b-c.d/e:0', ''])('may hold the text "%s"', (value) => {
    expect(() => checkPickle(pickled(...text(value)), 'data.pkl', false)).not.toThrow();
  });

  it.each(['a"b', "a'b", 'a\nb', 'a\\b', 'a(b)'])('may not hold the text %j, of which torch makes source', (value) => {
    expect(() => checkPickle(pickled(...text(value)), 'data.pkl', false)).toThrow('has a text that is no plain name');
    expect(() => checkPickle(pickled(...text(value)), 'data.pkl', true)).not.toThrow();
  });

  it('makes and changes no objects, as those of TorchScript do', () => {
    for (const code of [0x81, 0x62]) {
      expect(() => checkPickle(pickled(code), 'data.pkl', false)).toThrow('has operation 0x');
      expect(() => checkPickle(pickled(code), 'data.pkl', true)).not.toThrow();
    }
  });
});

describe('operators', () => {
  it.each([
    ['torch.ops.aten.add.Tensor', 'aten.add'],
    ['torch.ops.higher_order.cond', 'higher_order.cond'],
    ['_operator.getitem', '_operator.getitem'],
    ['torch.sym_max', 'torch.sym_max'],
    ['_operator.attrgetter', null],
    ['_operator.call', null],
    ['torch.ops.higher_order.triton_kernel_wrapper_mutation', null],
    ['torch.ops.aten.add', null],
    ['torch.ops.aten.add.Tensor.__globals__', null],
    ['torch.ops.aten.__getattr__.__globals__', null],
    ['torch.ops.aten.add.__class__', null],
    ['torch.ops.aten.__dict__.get', null],
    ['torch.ops.aten.__and__.Tensor', 'aten.__and__'],
    ['#evil', null],
    ['', null],
  ])('%s is %s', (target, name) => {
    expect(operatorOf(target)).toBe(name);
  });
});

describe('expressions of sizes', () => {
  it.each([
    ["Symbol('s77', positive=True, integer=True)", 's77'],
    ["Mul(Integer(2), Symbol('s0', integer=True))", 'Mul(2, s0)'],
    ['1+'.repeat(2000), null],
  ])('%s is %s', (expression, plain) => {
    expect(plainExpression(expression)).toBe(plain);
  });

  // The runtime's reader has a test of the same texts.
  const { sizes, guards } = JSON.parse(
    readFileSync(new URL('../../zoo/pytorch-expressions.json', import.meta.url), 'utf8'),
  ) as Record<'sizes' | 'guards', Record<'plain' | 'refused', readonly string[]>>;

  it.each(sizes.plain)('%s is a size', (size) => expect(plainExpression(size)).not.toBeNull());
  it.each(sizes.refused)('%s is none', (size) => expect(plainExpression(size)).toBeNull());
  it.each(guards.plain)('%s is a guard', (guard) => expect(isPlainGuard(guard)).toBe(true));
  it.each(guards.refused)('%s is none', (guard) => expect(isPlainGuard(guard)).toBe(false));
});

describe('the nesting of inputs and outputs', () => {
  const leaf = '{"type": null, "context": null, "children_spec": []}';
  const one = (type: string, context: unknown, ...children: string[]) =>
    `[1, {"type": ${JSON.stringify(type)}, "context": ${JSON.stringify(JSON.stringify(context))}, "children_spec": [${children.join()}]}]`;
  const output = 'transformers.modeling_outputs.BaseModelOutput';

  it.each([
    [`[1, ${leaf}]`],
    [one('builtins.tuple', null, leaf, leaf)],
    [one('builtins.dict', ['a', 3], leaf, leaf)],
    [one('collections.OrderedDict', ['a'], leaf)],
    [one(output, ['last_hidden_state', 'pooler_output'], leaf, leaf)],
  ])('%s is let through', (spec) => {
    expect(() => checkTree(spec)).not.toThrow();
  });

  it('of a class of another library gives names', () => {
    expect(outputNames(one(output, ['logits', 'hidden'], leaf, leaf))).toEqual(['output.logits', 'output.hidden']);
  });

  it.each([
    [
      one('builtins.dict', [{ __enum__: true, fqn: 'evil:Any', name: 'Any' }], leaf),
      'has a key of inputs or outputs that',
    ],
    [one('builtins.dict', ["a'b"], leaf), 'has a key of inputs or outputs that'],
    [one('builtins.set', null, leaf), 'nests inputs or outputs in a builtins.set; expected tuples'],
    [one('torch.nn.Module', ['a'], leaf), 'nests inputs or outputs in a torch.nn.Module'],
    [one('collections.namedtuple', ['a'], leaf), 'nests inputs or outputs in a collections.namedtuple'],
    [one('Own', ['a'], leaf), 'nests inputs or outputs in a Own'],
    [one(`${output}()`, ['a'], leaf), 'nests inputs or outputs in a transformers'],
    [one(output, ['a', 'b'], leaf), 'nests inputs or outputs in a transformers'],
    [one(output, [1], leaf), 'nests inputs or outputs in a transformers'],
    [one(output, [], ''), 'nests inputs or outputs in a transformers'],
    [one('builtins.tuple', null, one(output, {}, leaf).slice(4, -1)), 'nests inputs or outputs in a transformers'],
    ['[1]', 'nests its inputs or outputs by "[1]"'],
    ['[1, {"type": null}]', 'nests its inputs or outputs by'],
    [`[1, {"type": "builtins.list", "context": null, "children_spec": []}]`, 'nests its inputs or outputs by'],
    ['nonsense', 'nests its inputs or outputs by "nonsense"'],
  ])('%s is refused', (spec, part) => {
    expect(() => checkTree(spec)).toThrow(part);
  });
});

describe('names of outputs', () => {
  const leaf = '{"type": null, "context": null, "children_spec": []}';
  it.each([
    [`[1, ${leaf}]`, ['output']],
    [
      `[1, {"type": "builtins.tuple", "context": "null", "children_spec": [${leaf}, ${leaf}]}]`,
      ['output[0]', 'output[1]'],
    ],
    ['[1, {"type": "builtins.dict", "context": "[\\"a\\"]", "children_spec": []}]', []],
    [`[1, ${'{"type": "t", "context": "null", "children_spec": ['.repeat(60)}${leaf}${']}'.repeat(60)}]`, null],
    ['[2, null]', null],
    ['nonsense', null],
  ])('%s', (spec, names) => {
    expect(outputNames(spec)).toEqual(names);
  });
});
