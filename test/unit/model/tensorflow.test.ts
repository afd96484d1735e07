import { cp, mkdir, readFile, rename, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type LoadOptions, loadKept, loadModel } from '../../../src/model/load.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { refusalOf } from '../../support/refusal.ts';
import {
  ASSET,
  BARE_FUNCTION,
  CAPTURED,
  FUNCTION,
  type GraphToWrite,
  RESOURCE,
  savedModelOf,
} from './saved-model-writer.ts';

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

/** A copy that a test may change. */
async function copied(name: string) {
  const folder = await temporaryFolder();
  const path = join(folder.path, 'model');
  await cp(fixture(name), path, { recursive: true });
  return { path, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

/** Bytes in the place of others of the same length. */
async function patched(path: string, before: string, after: string): Promise<void> {
  const file = join(path, 'saved_model.pb');
  const bytes = await readFile(file);
  const text = bytes.toString('latin1');
  if (!text.includes(before) || before.length !== after.length) throw new Error(`cannot put ${after} in`);
  await writeFile(file, Buffer.from(text.replaceAll(before, after), 'latin1'));
}

/** What is said of a SavedModel of these graphs; nothing where none of them reaches out. */
async function saidOf(graphs: readonly GraphToWrite[]): Promise<string> {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'saved_model.pb'), savedModelOf(graphs));
  return await loadModel(folder.path, '--model').then(
    () => '',
    (cause: unknown) => refusalOf(Promise.reject(cause)),
  );
}

const choosing = (signature: string, folder: string): LoadOptions => ({ signature, folder: async () => folder });

describe('a SavedModel', () => {
  it('tells the inputs, outputs, operators and weights of its default signature', async () => {
    const path = fixture('saved-default');
    const model = await loadModel(path, '--model');
    expect(model).toMatchObject({
      framework: 'tensorflow',
      entry: 'saved_model.pb',
      signature: {
        inputs: [{ name: 'image', dtype: 'float32', dims: [null, 16, 16, 3] }],
        outputs: ['logits'],
      },
      operators: { Conv2D: 1, MatMul: 1, Relu: 1, Mean: 1, VarHandleOp: 2 },
      // Two variables, 3x3x3x4 and 4x5.
      parameters: 128,
    });
    expect(model.operators).not.toHaveProperty('SaveV2');
    expect(model.files.map((file) => file.path)).toEqual([
      'saved_model.pb',
      'fingerprint.pb',
      'variables/variables.data-00000-of-00001',
      'variables/variables.index',
    ]);
  });

  it('is the same by its folder and by its file, and is read again from what an archive keeps', async () => {
    const model = await loadModel(fixture('saved-default'), '--model');
    const again = await loadModel(fixture('saved-default/saved_model.pb'), '--model');
    expect({ ...again, path: '' }).toEqual({ ...model, path: '' });
    const kept = await loadKept(model.files, model.entry, model.key, '--baseline');
    expect({ ...kept, path: '' }).toEqual({ ...model, path: '' });
    const lost = loadKept(model.files.slice(0, -1), model.entry, model.key, '--baseline');
    expect(await refusalOf(lost)).toContain('is damaged');
  });

  it("leaves a folder's other files alone", async () => {
    await using copy = await copied('saved-default');
    const before = await loadModel(copy.path, '--model');
    await mkdir(join(copy.path, 'logs'));
    for (const name of ['README.md', 'logs/events', 'keras_metadata.pb', 'ayci-signature'])
      await writeFile(join(copy.path, name), 'x');
    await symlink('/etc/passwd', join(copy.path, 'link'));
    expect((await loadModel(copy.path, '--model')).key).toBe(before.key);
  });

  it('brings its assets, and may read them', async () => {
    const { files, signature } = await loadModel(fixture('saved-vocabulary'), '--model');
    expect(files.map((file) => file.path)).toContain('assets/words.txt');
    expect(signature.inputs).toEqual([{ name: 'words', dtype: 'string', dims: [null] }]);
  });
});

describe('signatures', () => {
  it('are asked for where there are several, and where there are none the error says how to save', async () => {
    const several = await refusalOf(loadModel(fixture('saved-several'), '--model'));
    expect(several).toContain('has several signatures, none of them serving_default: "classify", "double", "tokens"');
    expect(several).toContain('--signature NAME');
    expect(await refusalOf(loadModel(fixture('saved-none'), '--model'))).toContain('has no signatures');
  });

  it('that are chosen are a file of the model, which its key covers', async () => {
    await using folder = await temporaryFolder();
    const path = fixture('saved-several');
    const tokens = await loadModel(path, '--model', choosing('tokens', folder.path));
    expect(tokens.signature).toEqual({
      inputs: [
        { name: 'attention_mask', dtype: 'int64', dims: [null, null] },
        { name: 'input_ids', dtype: 'int64', dims: [null, null] },
      ],
      outputs: ['sum'],
    });
    const chosen = tokens.files.find((file) => file.path === 'ayci-signature');
    expect(await readFile(chosen?.source ?? '', 'utf8')).toBe('tokens');
    await using other = await temporaryFolder();
    const double = await loadModel(path, '--model', choosing('double', other.path));
    expect(double.key).not.toBe(tokens.key);
    expect(double.signature.inputs).toEqual([{ name: 'anything', dtype: 'float32', dims: null }]);
    const kept = await loadKept(tokens.files, tokens.entry, tokens.key, '--baseline');
    expect(kept.signature).toEqual(tokens.signature);
  });

  it('that are chosen and the default change nothing', async () => {
    await using folder = await temporaryFolder();
    const path = fixture('saved-default');
    const model = await loadModel(path, '--model');
    expect((await loadModel(path, '--model', choosing('serving_default', folder.path))).key).toBe(model.key);
    expect(await refusalOf(loadModel(path, '--model', choosing('tokens', folder.path)))).toContain(
      'has no signature "tokens"; it has "serving_default"',
    );
    const onnx = loadModel(fixture('image.pt2'), '--model', choosing('x', folder.path));
    expect(await refusalOf(onnx)).toContain('has no signatures to choose from');
  });
});

describe('a hostile SavedModel', () => {
  it('that writes files is refused', async () => {
    expect(await refusalOf(loadModel(fixture('saved-writes'), '--model'))).toContain(
      "has operators that AYCI does not run: WriteFile (is one of TensorFlow's io operators)",
    );
  });

  it.each([
    // Each in the place of one whose name has as many letters.
    ['Relu', 'Send', 'saved-default', "Send (is one of TensorFlow's sendrecv operators)"],
    ['Conv2D', 'PyFunc', 'saved-default', "PyFunc (is one of TensorFlow's script operators)"],
    ['HashTableV2', 'RecordInput', 'saved-vocabulary', 'RecordInput (reads files)'],
    // Only where a signature reaches it: beside them it saves the variables.
    ['MatMul', 'SaveV2', 'saved-default', 'SaveV2 (reads or writes files)'],
  ])('with %s as %s', async (before, after, name, part) => {
    await using copy = await copied(name);
    await patched(copy.path, before, after);
    expect(await refusalOf(loadModel(copy.path, '--model'))).toContain(part);
  });

  it.each([
    ...['RecordInput', 'FixedUnigramCandidateSampler', 'ImmutableConst', 'ReadFile', 'Save', 'TFRecordDatasetV2'],
    ...['DumpTensor', 'CalibrationStatisticsSaver', 'XlaCustomCall', 'RemoteCall', 'RpcClient', 'DataServiceDatasetV4'],
    ...['EagerPyFunc', 'DebugIdentityV3', 'WriteSummary', 'DecodeProtoV2', 'Abort', '_Send', 'Evil', 'constructor'],
  ])('with %s is refused, also in a function that nothing calls', async (op) => {
    const node = { name: 'a', op };
    for (const graph of [{ nodes: [node] }, { functions: [{ name: 'f', nodes: [node] }] }])
      expect(await saidOf([graph])).toMatch(
        new RegExp(`has operators that AYCI does not run: ${op} \\((?:is|reads|reach|ends)`),
      );
  });

  it('may call functions of its own, and none by the name of an operator', async () => {
    const named = (name: string) => [{ nodes: [{ name: 'a', op: name }], functions: [{ name, nodes: [] }] }];
    expect(await saidOf(named('Own'))).not.toContain('operators');
    expect(await saidOf(named('WriteFile'))).toContain("WriteFile (is one of TensorFlow's io operators)");
    const twice = { nodes: [], functions: [...Array(2)].map(() => ({ name: 'f', nodes: [] })) };
    expect(await saidOf([twice])).toContain('it has two functions "f"');
  });

  it('with another graph beside the one that is served', async () => {
    const other = { nodes: [{ name: 'a', op: 'WriteFile' }], tags: ['other'] };
    expect(await saidOf([{ nodes: [] }, other])).toContain("WriteFile (is one of TensorFlow's io operators)");
  });

  it('that has a field twice, of which one reader sees the first and another both', async () => {
    const printing = (...streams: string[]) => ({
      nodes: [{ name: 'a', op: 'PrintV2', attributes: { output_stream: streams } }],
    });
    expect(await saidOf([printing('stdout')])).not.toContain('operators');
    expect(await saidOf([printing('stdout', 'file:///tmp/x')])).toContain('PrintV2 (writes files)');
    expect(await saidOf([{ nodes: [], hidden: [{ name: 'a', op: 'WriteFile' }] }])).toContain('WriteFile');
  });

  describe('with a function that saves', () => {
    const write = { name: 'write', op: 'SaveV2' };
    const save = { name: 'save', nodes: [write] };
    const saving = { name: 'saved', op: 'StatefulPartitionedCall', calls: ['save'] };
    const objects = { kinds: [RESOURCE], bound: {} };
    const saver = { filename: 'file:0', save: 'saved:0', restore: '' };
    const sound = { nodes: [saving], functions: [save], objects, saver };

    it('that only the saver calls is let through', async () => {
      expect(await saidOf([sound])).not.toContain('operators');
    });

    it.each<readonly [string, GraphToWrite]>([
      ['that nothing calls', { ...sound, nodes: [] }],
      ['that a function calls', { ...sound, functions: [save, { name: 'f', nodes: [saving] }] }],
      ['that another node calls', { ...sound, nodes: [saving, { ...saving, name: 'call' }] }],
      ['that is bound', { ...sound, objects: { ...objects, bound: { save: [] } } }],
      ...[FUNCTION, BARE_FUNCTION, CAPTURED].map(
        (field) =>
          [
            `that an object names by ${field}`,
            { ...sound, objects: { ...objects, named: [[field, 'save']] } },
          ] as const,
      ),
      [
        'that the function of an object calls',
        {
          ...sound,
          functions: [save, { name: 'outer', nodes: [saving] }],
          nodes: [{ ...saving, calls: ['outer'] }],
          objects: { ...objects, named: [[BARE_FUNCTION, 'outer']] },
        },
      ],
      [
        'that is one of very many',
        {
          ...sound,
          nodes: [{ ...saving, calls: [...Array(17)].map((_, at) => `f${at}`) }],
          functions: [...Array(17)].map((_, at) => ({ name: `f${at}`, nodes: [write] })),
        },
      ],
    ])('%s is refused', async (_name, graph) => {
      expect(await saidOf([graph])).toContain('SaveV2 (reads or writes files)');
    });
  });

  it('that restores from another tensor than the one that is fed', async () => {
    const restored = (prefix: string): GraphToWrite => ({
      nodes: [
        { name: 'file', op: 'Placeholder' },
        { name: 'restore', op: 'RestoreV2', inputs: [prefix] },
      ],
      saver: { filename: 'file:0', save: '', restore: 'restore' },
    });
    for (const prefix of ['file', 'file:0']) expect(await saidOf([restored(prefix)])).not.toContain('operators');
    for (const prefix of ['file:1', '^file', 'other'])
      expect(await saidOf([restored(prefix)])).toContain('RestoreV2 (reads or writes files)');
  });

  it('of many graphs, or parts, or depth', async () => {
    expect(await saidOf([...Array(11)].map(() => ({})))).toContain('has more than 10 graphs; expected one');
    const named = Object.fromEntries([...Array(400)].map((_, at) => [`f${at}`, [...Array(5001).keys()]]));
    expect(await saidOf([{ objects: { kinds: [], bound: named } }])).toContain('it has more than 2000000 parts');
    const deep = (nested: number): GraphToWrite => ({ nodes: [{ name: 'a', op: 'NoOp', calls: ['f'], nested }] });
    expect(await saidOf([deep(20)])).not.toContain('deep');
    expect(await saidOf([deep(40)])).toContain('it has functions more than 30 deep in an attribute');
  });

  describe('with a table', () => {
    const fill = { name: 'fill', op: 'InitializeTableFromTextFileV2', inputs: ['table', 'file'] };
    const filled = { name: 'f', arguments: ['table', 'file'], nodes: [fill] };
    const objects = { kinds: [RESOURCE, ASSET], bound: { f: [0, 1] } };
    const call = { name: 'call', op: 'PartitionedCall', calls: ['f'] };
    const sound = { nodes: [], functions: [filled], objects };

    it('of its own asset is let through', async () => {
      expect(await saidOf([sound])).not.toContain('operators');
    });

    it.each<readonly [string, readonly GraphToWrite[]]>([
      ['of what is no asset', [{ ...sound, objects: { ...objects, bound: { f: [0, 0] } } }]],
      ['of an object that is not there', [{ ...sound, objects: { ...objects, bound: { f: [0, 7] } } }]],
      [
        'of an argument that the caller gives',
        [
          {
            ...sound,
            objects: { ...objects, bound: { f: [1] } },
            functions: [{ ...filled, arguments: ['file', 'table'] }],
          },
        ],
      ],
      [
        'of a constant',
        [{ ...sound, functions: [{ ...filled, nodes: [{ ...fill, inputs: ['table', 'Const:output:0'] }] }] }],
      ],
      [
        'that another function fills',
        [
          {
            ...sound,
            functions: [filled, { name: 'g', nodes: [call] }],
            objects: { ...objects, bound: { f: [0, 1], g: [] } },
          },
        ],
      ],
      [
        'that the main graph fills',
        [
          { ...sound, nodes: [call] },
          { nodes: [], tags: ['other'] },
        ],
      ],
      ['in the main graph', [{ nodes: [{ ...fill, name: 'call' }] }]],
      ['in what initializes it', [{ nodes: [{ ...fill, inputs: [] }], initializer: 'fill' }]],
    ])('%s is refused', async (_name, graphs) => {
      expect(await saidOf(graphs)).toContain('InitializeTableFromTextFileV2 (reads or writes files)');
    });
  });

  it('whose asset lies elsewhere or is missing', async () => {
    await using copy = await copied('saved-vocabulary');
    await patched(copy.path, 'words.txt', '../../p.t');
    expect(await refusalOf(loadModel(copy.path, '--model'))).toContain('asset "../../p.t" that lies outside');
    await patched(copy.path, '../../p.t', 'other.txt');
    expect(await refusalOf(loadModel(copy.path, '--model'))).toContain('its asset "other.txt" is missing');
  });

  it.each(['saved_model.pb', 'variables/variables.index', 'variables'])('with a link as %s', async (name) => {
    await using copy = await copied('saved-default');
    await rename(join(copy.path, name), `${copy.path}-moved`);
    await symlink(`${copy.path}-moved`, join(copy.path, name));
    expect(await refusalOf(loadModel(copy.path, '--model'))).toMatch(/which is a link or no file|as a link/);
  });

  it('without its graph, or with something else in its place', async () => {
    await using copy = await copied('saved-default');
    await writeFile(join(copy.path, 'saved_model.pb'), '');
    expect(await refusalOf(loadModel(copy.path, '--model'))).toContain('is empty; expected a SavedModel');
    await writeFile(join(copy.path, 'saved_model.pb'), Buffer.from([8, 1]));
    expect(await refusalOf(loadModel(copy.path, '--model'))).toContain('it holds no graph');
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 1\n`;
    await cp(fixture('saved-default/saved_model.pb'), join(copy.path, 'saved_model.pb'));
    await writeFile(join(copy.path, 'variables/variables.index'), pointer);
    expect(await refusalOf(loadModel(copy.path, '--model'))).toContain('is a Git LFS pointer');
  });

  it('beyond 2 GiB is refused: protobuf reads no more', async () => {
    await using copy = await copied('saved-default');
    await truncate(join(copy.path, 'saved_model.pb'), 2 ** 31);
    expect(await refusalOf(loadModel(copy.path, '--model'))).toMatch(
      /--model: ".*" has 2147483648 bytes; expected at most 2147483647 in one protobuf file\. Keep weights in variables/,
    );
  });
});

describe('what Keras and TensorFlow save beside models', () => {
  it.each([
    ['m.h5', '\x89HDF\r\n\x1a\n', 'is an HDF5 file', 'model.export(folder)'],
    ['m.keras', 'PK\x03\x04', 'is a zip archive', 'model.export(folder)'],
    ['m.pb', '\x0a\x01', 'has an unknown file type', 'A frozen graph has no signature'],
    ['m.tflite', '\x1c\x00\x00\x00TFL3', 'has an unknown file type', 'the SavedModel that it was made from'],
  ])('%s is refused, and the error says how to save', async (name, content, what, how) => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, name), Buffer.from(content, 'latin1'));
    const line = await refusalOf(loadModel(join(folder.path, name), '--model'));
    expect(line).toContain(what);
    expect(line).toContain(how);
  });
});
