import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

// SqueezeNet 1.1 (Iandola et al., arXiv:1602.07360; v1.1 layout) with seeded weights, written as ONNX without any library
// of a framework: a real network of 1.2 million parameters for the demo, at no bytes in the repository.

const FLOAT = 1;

/** mulberry32: the same integers on every machine. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function bytes(writer: BinaryWriter, field: number, value: Uint8Array): void {
  writer.tag(field, WireType.LengthDelimited).bytes(value);
}

function message(build: (writer: BinaryWriter) => void): Uint8Array {
  const writer = new BinaryWriter();
  build(writer);
  return writer.finish();
}

const string = (writer: BinaryWriter, field: number, value: string): void => {
  writer.tag(field, WireType.LengthDelimited).string(value);
};
const integer = (writer: BinaryWriter, field: number, value: number): void => {
  writer.tag(field, WireType.Varint).int64(value);
};

/** A ValueInfoProto of float32; a string is a symbolic dimension. */
function valueInfo(name: string, dims: readonly (number | string)[]): Uint8Array {
  const shape = message((w) => {
    for (const dim of dims)
      bytes(
        w,
        1,
        message((d) => (typeof dim === 'string' ? string(d, 2, dim) : integer(d, 1, dim))),
      );
  });
  const tensor = message((w) => {
    integer(w, 1, FLOAT);
    bytes(w, 2, shape);
  });
  return message((w) => {
    string(w, 1, name);
    bytes(
      w,
      2,
      message((t) => bytes(t, 1, tensor)),
    );
  });
}

type Attributes = Readonly<Record<string, readonly number[] | number>>;

class Graph {
  readonly #nodes: Uint8Array[] = [];
  readonly #weights: Uint8Array[] = [];
  readonly #random: () => number;
  #count = 0;

  constructor(seed: number) {
    this.#random = random(seed);
  }

  node(type: string, inputs: readonly string[], attributes: Attributes = {}, output = `t${this.#count++}`): string {
    this.#nodes.push(
      message((w) => {
        for (const input of inputs) string(w, 1, input);
        string(w, 2, output);
        string(w, 4, type);
        for (const [name, value] of Object.entries(attributes)) {
          const attribute = message((a) => {
            string(a, 1, name);
            if (typeof value === 'number') integer(a, 3, value);
            else for (const one of value) integer(a, 8, one);
            integer(a, 20, typeof value === 'number' ? 2 : 7);
          });
          bytes(w, 5, attribute);
        }
      }),
    );
    return output;
  }

  /** He-initialised (variance 2 / fan-in): sums of four uniforms, so that no logarithm rounds differently elsewhere. */
  weight(dims: readonly number[]): string {
    const name = `w${this.#count++}`;
    const size = dims.reduce((product, dim) => product * dim, 1);
    const fanIn = size / (dims[0] ?? 1);
    const scale = Math.sqrt(2 / fanIn) * Math.sqrt(3);
    const values = new Float32Array(size);
    for (let i = 0; i < size; i += 1) {
      values[i] = (this.#random() + this.#random() + this.#random() + this.#random() - 2) * scale;
    }
    this.#weights.push(
      message((w) => {
        for (const dim of dims) integer(w, 1, dim);
        integer(w, 2, FLOAT);
        string(w, 8, name);
        bytes(w, 9, new Uint8Array(values.buffer));
      }),
    );
    return name;
  }

  conv(input: string, from: number, to: number, kernel: number, stride = 1, pad = 0): string {
    const weight = this.weight([to, from, kernel, kernel]);
    const attributes = { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [pad, pad, pad, pad] };
    return this.node('Relu', [this.node('Conv', [input, weight], attributes)]);
  }

  finish(output: string, classes: number, side: number): Uint8Array {
    const graph = message((w) => {
      for (const node of this.#nodes) bytes(w, 1, node);
      string(w, 2, 'squeezenet');
      for (const weight of this.#weights) bytes(w, 5, weight);
      bytes(w, 11, valueInfo('image', ['batch', 3, side, side]));
      bytes(w, 12, valueInfo(output, ['batch', classes]));
    });
    return message((w) => {
      integer(w, 1, 8);
      string(w, 2, 'ayci demo');
      bytes(w, 7, graph);
      bytes(
        w,
        8,
        message((o) => integer(o, 2, 13)),
      );
    });
  }
}

/** Fire modules of version 1.1: squeeze channels, expand channels (each half), and whether a pooling stands before. */
const FIRES = [
  [16, 64, true],
  [16, 64, false],
  [32, 128, true],
  [32, 128, false],
  [48, 192, true],
  [48, 192, false],
  [64, 256, false],
  [64, 256, false],
] as const;

/**
 * The demo's network as the bytes of an `.onnx` file: input `image` float32 [batch, 3, 224, 224], output `logits`
 * float32 [batch, 1000].
 * @param side pixels of a side of the image
 * @param extra how many further 3 × 3 convolutions the slower version has, one behind each of the first fire modules
 */
export function squeezenet(extra: number, side = 224): Uint8Array {
  const graph = new Graph(2022);
  let at = graph.conv('image', 3, 64, 3, 2);
  let channels = 64;
  FIRES.forEach(([squeeze, expand, pooled], index) => {
    if (pooled) at = graph.node('MaxPool', [at], { kernel_shape: [3, 3], strides: [2, 2] });
    const squeezed = graph.conv(at, channels, squeeze, 1);
    const halves = [graph.conv(squeezed, squeeze, expand, 1), graph.conv(squeezed, squeeze, expand, 3, 1, 1)];
    at = graph.node('Concat', halves, { axis: 1 });
    channels = 2 * expand;
    if (index < extra) {
      const narrow = graph.conv(at, channels, squeeze, 1);
      at = graph.conv(narrow, squeeze, channels, 3, 1, 1);
    }
  });
  const classes = graph.node('Conv', [at, graph.weight([1000, channels, 1, 1])], { kernel_shape: [1, 1] });
  const pooled = graph.node('GlobalAveragePool', [classes]);
  const logits = graph.node('Flatten', [pooled], { axis: 1 }, 'logits');
  return graph.finish(logits, 1000, side);
}
