import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { RefusedModel } from '../../../src/model/facts.ts';
import { parseJson } from '../../../src/model/loose-json.ts';
import { DOMAINS } from '../../../src/model/onnx/domains.ts';
import { readOnnx } from '../../../src/model/onnx.ts';
import { fieldsOf, messageAt, textIn } from '../../../src/model/wire.ts';
import { type Build, bytes, externalTensor, message, string, tinyOnnx } from '../../support/onnx.ts';

function refusalOf(model: Uint8Array): string {
  try {
    readOnnx(model);
  } catch (thrown) {
    if (thrown instanceof RefusedModel) return `${thrown.message}. ${thrown.hint}`;
    throw thrown;
  }
  throw new Error('it is read');
}

/** A NodeProto. */
const node = (type: string, domain = '', more: Build = () => {}) =>
  message((w) => {
    string(w, 4, type);
    string(w, 7, domain);
    more(w);
  });
const repeated = (field: number, count: number, value: Uint8Array) => (w: Parameters<Build>[0]) => {
  for (let at = 0; at < count; at += 1) bytes(w, field, value);
};
const sparse = message((w) => {
  bytes(w, 1, externalTensor('s', 'values.bin'));
  bytes(w, 2, externalTensor('', 'indices.bin'));
});
const nested = (levels: number): Uint8Array => {
  let inner = node('Relu');
  for (let level = 0; level < levels; level += 1) {
    const graph = message((w) => bytes(w, 1, inner));
    const attribute = message((w) => bytes(w, 6, graph));
    inner = node('If', '', (w) => bytes(w, 5, attribute));
  }
  return tinyOnnx({ graph: (w) => bytes(w, 1, inner) });
};

describe('external data', () => {
  it.each([
    '*/_ORT_MEM_ADDR_/*',
    'sub/_ort_Mem_Addr_',
    'a*',
    'C:a',
    'a\nb',
    'a\u0085',
    'a\\b',
    'a//b',
    'a/',
    '.',
    '',
    '/etc/passwd',
    'a/../../secret',
    'a'.repeat(1025),
  ])('by the name %j are refused', (location) => {
    expect(refusalOf(tinyOnnx({ external: [location] }))).toMatch(
      /^has external data ".*"( outside of the model's folder)?; expected .*\. Save the model and its data into one folder\.$/,
    );
  });

  it.each([
    ['weights.bin', 'weights.bin'],
    ['./model.onnx.data', 'model.onnx.data'],
    ['a/./b c.data', 'a/b c.data'],
    ['größe-重み.bin', 'größe-重み.bin'],
    ['onnx__MatMul_1.weight', 'onnx__MatMul_1.weight'],
    ['\ufeffw', '\ufeffw'],
  ])('by the name %j are known as %j', (location, name) => {
    expect(readOnnx(tinyOnnx({ external: [location, `./${location}`] })).externalData).toEqual([name]);
  });

  it('are found in sparse tensors, and in what attributes of functions are by default', () => {
    const attribute = (field: number, value: Uint8Array) => message((w) => bytes(w, field, value));
    const function_ = message((w) => {
      string(w, 1, 'F');
      string(w, 10, 'own');
      bytes(w, 11, attribute(5, externalTensor('t', 'default.bin')));
    });
    const found = ['indices.bin', 'values.bin'];
    const inNode = (field: number) =>
      tinyOnnx({
        graph: (w) =>
          bytes(
            w,
            1,
            node('Constant', '', (n) => bytes(n, 5, attribute(field, sparse))),
          ),
      });
    expect(readOnnx(tinyOnnx({ graph: (w) => bytes(w, 15, sparse) })).externalData).toEqual(found);
    expect(readOnnx(inNode(22)).externalData).toEqual(found);
    expect(readOnnx(inNode(23)).externalData).toEqual(found);
    expect(readOnnx(tinyOnnx({ model: (w) => bytes(w, 25, function_) })).externalData).toEqual(['default.bin']);
  });

  it.each(['-4', '18446744073709551612', '0x10', ''])('at %j are refused', (offset) => {
    const model = tinyOnnx({ graph: (w) => bytes(w, 5, externalTensor('w', 'w.bin', { length: '4', offset })) });
    expect(refusalOf(model)).toContain(`at offset "${offset}"; expected a number of at most 18 digits`);
  });
});

describe('operators', () => {
  it('of a domain that no runtime has are refused, in subgraphs too', () => {
    const attribute = message((w) =>
      bytes(
        w,
        6,
        message((g) => bytes(g, 1, node('Read', `evil${'.'.repeat(200)}`))),
      ),
    );
    expect(
      refusalOf(
        tinyOnnx({
          graph: (w) =>
            bytes(
              w,
              1,
              node('If', '', (n) => bytes(n, 5, attribute)),
            ),
        }),
      ),
    ).toBe(
      `calls operator "Read", got domain "evil${'.'.repeat(96)}"; expected ai.onnx, ai.onnx.ml, com.microsoft, or a function of the model. AYCI loads no custom operators: export the model without them.`,
    );
  });

  it('that the model defines are not, by their own names alone', () => {
    const own = (w: Parameters<Build>[0]) => {
      const made = message((f) => {
        string(f, 1, 'F');
        string(f, 10, 'own.a');
      });
      bytes(w, 25, made);
    };
    const calling = (type: string, domain: string) =>
      tinyOnnx({ model: own, graph: (w) => bytes(w, 1, node(type, domain)) });
    expect(readOnnx(calling('F', 'own.a')).operators).toEqual({ Relu: 1, 'own.a.F': 1 });
    expect(refusalOf(calling('a.F', 'own'))).toContain('calls operator "a.F", got domain "own"');
    expect(readOnnx(calling('FusedMatMul', 'com.microsoft')).operators).toHaveProperty('com\\.microsoft\\.FusedMatMul');
    expect(readOnnx(calling('Relu', 'ai.onnx')).operators).toEqual({ Relu: 2 });
  });

  it("are of the same domains as the runtimes'", async () => {
    const python = await readFile('runtimes/common/ayci_runtime/onnx_check.py', 'utf8');
    const [, list = ''] = /^DOMAINS = \((.*)\)$/m.exec(python) ?? [];
    expect([...list.matchAll(/"([^"]*)"/g)].map(([, domain]) => domain)).toEqual(DOMAINS);
  });
});

describe('what no model has is refused', () => {
  const named = (name: string) => message((w) => string(w, 1, name));
  const empty = new Uint8Array();
  const many = (field: number, count: number) => tinyOnnx({ graph: repeated(field, count, empty) });
  const distinct = tinyOnnx({
    graph: (w) => {
      for (let at = 0; at <= 10_000; at += 1) bytes(w, 1, node(`Op${at}`));
    },
  });
  const files = tinyOnnx({ external: Array.from({ length: 10_000 }, (_, at) => `w${at}`) });
  const opsets = tinyOnnx({
    model: (w) => {
      for (let at = 0; at <= 10_000; at += 1)
        bytes(
          w,
          8,
          message((o) => string(o, 1, `d${at}`)),
        );
    },
  });
  it.each([
    ['operators', many(1, 300_001), 'more than 300000 operators'],
    ['different operators', distinct, 'more than 10000 different operators'],
    ['tensors', many(5, 300_001), 'more than 300000 tensors'],
    ['inputs', many(11, 10_001), 'more than 10000 inputs'],
    ['inputs that may be weights', many(11, 300_001), 'more than 300000 inputs'],
    ['outputs', many(12, 10_001), 'more than 10000 outputs'],
    ['files', files, 'more than 9999 files of external data'],
    ['operator sets', opsets, 'more than 10000 operator sets'],
    ['graphs within graphs', nested(17), 'more than 16 graphs within each other'],
    ['graphs', tinyOnnx({ model: (w) => bytes(w, 7, empty) }), 'holds two graphs; expected one'],
  ])('%s', (_name, model, part) => {
    expect(refusalOf(model)).toContain(part);
    expect(() => readOnnx(nested(16))).not.toThrow();
  });

  it('functions', () => {
    const model: Build = (w) => {
      for (let at = 0; at <= 10_000; at += 1)
        bytes(
          w,
          25,
          message((f) => string(f, 1, `F${at}`)),
        );
    };
    expect(refusalOf(tinyOnnx({ model }))).toContain('more than 10000 functions');
  });

  it('dimensions, names without end', () => {
    expect(() => readOnnx(tinyOnnx({ inputs: [{ name: 'x', dims: new Array(65).fill(1) }] }))).toThrow('64 dimensions');
    const graph: Build = (w) =>
      bytes(
        w,
        5,
        message((t) => bytes(t, 1, new Uint8Array(10_000).fill(1))),
      );
    expect(() => readOnnx(tinyOnnx({ graph }))).toThrow('64 dimensions');
    expect(() => readOnnx(tinyOnnx({ inputs: [{ name: 'x'.repeat(500), type: 14, dims: [] }] }))).toThrow(
      /input "x{100}" has/,
    );
  });

  it.each([
    ['an input', tinyOnnx({ inputs: [{ name: 'n'.repeat(1025), dims: [1] }] }), 'names input "n'],
    ['a dimension', tinyOnnx({ inputs: [{ name: 'x', dims: ['n'.repeat(1025)] }] }), 'names dimension "n'],
    ['an output', tinyOnnx({ graph: (w) => bytes(w, 12, named('n'.repeat(1025))) }), 'names output "n'],
    ['an operator', tinyOnnx({ graph: (w) => bytes(w, 1, node('n'.repeat(1025))) }), 'has an operator "n'],
    ['a domain', tinyOnnx({ graph: (w) => bytes(w, 1, node('Relu', 'n'.repeat(1025))) }), 'has an operator "Relu"'],
  ])('a name of 1,025 characters of %s', (_name, model, part) => {
    expect(refusalOf(model)).toContain(part);
  });

  it('a loop over what is no tensor is', () => {
    const body = message((g) => {
      bytes(g, 1, node('SequenceAt'));
      bytes(
        g,
        11,
        message((v) => string(v, 1, 'untyped')),
      );
    });
    const loop = node('Loop', '', (n) =>
      bytes(
        n,
        5,
        message((a) => bytes(a, 6, body)),
      ),
    );
    expect(readOnnx(tinyOnnx({ graph: (w) => bytes(w, 1, loop) })).signature.inputs).toHaveLength(1);
  });
});

describe('protobuf', () => {
  const fields = (...data: number[]) => [...fieldsOf(new Uint8Array(data))];
  it.each([
    ['a tag of 33 bits', [0x8a, 0x80, 0x80, 0x80, 0x10, 0]],
    ['a tag of six bytes', [0x8a, 0x80, 0x80, 0x80, 0x80, 0, 0]],
    ['field 0', [0x02, 0]],
    ['a size of 33 bits', [0x0a, 0x80, 0x80, 0x80, 0x80, 0x10]],
    ['a size of six bytes', [0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0]],
    ['a size beyond the end', [0x0a, 2, 0]],
    ['a group', [0x0b, 0x0c]],
  ])('%s is none', (_name, data) => {
    expect(() => fields(...data)).toThrow();
  });

  it('sizes in more bytes than needed are sizes, and a byte order mark is text', () => {
    expect(fields(0x0a, 0x81, 0x80, 0x80, 0x80, 0, 7)).toEqual([{ no: 1, kind: 'bytes', value: new Uint8Array([7]) }]);
    expect(textIn(new Uint8Array([0x0a, 4, 0xef, 0xbb, 0xbf, 0x61]), 1)).toBe('\ufeffa');
    expect(() => parseJson(Buffer.from('\ufeff{}'), 'list')).toThrow('its list is no JSON');
  });

  it('a message in more parts than anybody writes is refused', () => {
    const parts = (count: number) => message(repeated(1, count, new Uint8Array([1])));
    expect(messageAt(parts(1000), 1)).toHaveLength(1000);
    expect(() => messageAt(parts(1001), 1)).toThrow('more than 1000 times');
  });
});
