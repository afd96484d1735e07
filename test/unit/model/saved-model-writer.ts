import { BinaryWriter } from '@bufbuild/protobuf/wire';

interface NodeToWrite {
  readonly name: string;
  readonly op: string;
  readonly inputs?: readonly string[];
  /** Functions that it calls. */
  readonly calls?: readonly string[];
  /** Strings by name; several are one field that comes again. */
  readonly attributes?: Readonly<Record<string, readonly string[]>>;
}

interface FunctionToWrite {
  readonly name: string;
  readonly arguments?: readonly string[];
  readonly nodes: readonly NodeToWrite[];
}

export interface GraphToWrite {
  readonly tags?: readonly string[];
  readonly nodes?: readonly NodeToWrite[];
  /** In a field of its own that comes first: parsers merge both. */
  readonly hidden?: readonly NodeToWrite[];
  readonly functions?: readonly FunctionToWrite[];
  readonly objects?: { readonly kinds: readonly number[]; readonly bound: Readonly<Record<string, readonly number[]>> };
  /** A node that initializes it. */
  readonly initializer?: string;
}

/** Kinds of a SavedObject. */
export const ASSET = 5;
export const RESOURCE = 10;

type Part = Uint8Array | string | readonly number[];

/** A message of fields that are text, messages or packed numbers. */
function message(...fields: readonly (readonly [number, Part])[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const [no, part] of fields) {
    writer.tag(no, 2);
    if (typeof part === 'string') writer.string(part);
    else if (part instanceof Uint8Array) writer.bytes(part);
    else {
      writer.fork();
      for (const number of part) writer.int32(number);
      writer.join();
    }
  }
  return writer.finish();
}

function node({ name, op, inputs = [], calls = [], attributes = {} }: NodeToWrite): Uint8Array {
  return message(
    [1, name],
    [2, op],
    ...inputs.map((input) => [3, input] as const),
    ...calls.map((call) => [5, message([1, call], [2, message([10, message([1, call])])])] as const),
    ...Object.entries(attributes).map(
      ([key, values]) => [5, message([1, key], [2, message(...values.map((value) => [2, value] as const))])] as const,
    ),
  );
}

function library(functions: readonly FunctionToWrite[]): Uint8Array {
  return message(
    ...functions.map(({ name, arguments: args = [], nodes }) => {
      const signature = message([1, name], ...args.map((each) => [2, message([1, each])] as const));
      return [1, message([1, signature], ...nodes.map((each) => [3, node(each)] as const))] as const;
    }),
  );
}

/** A MetaGraphDef whose only signature gives the node `call`. */
function metaGraph(graph: GraphToWrite): Uint8Array {
  const { tags = ['serve'], nodes = [], hidden = [], functions = [], objects, initializer } = graph;
  const written = (listed: readonly NodeToWrite[]) => listed.map((each) => [1, node(each)] as const);
  const output = message([1, 'y'], [2, message([1, 'call:0'])]);
  const bound = Object.entries(objects?.bound ?? {});
  return message(
    [1, message(...tags.map((tag) => [4, tag] as const))],
    [2, message(...written(hidden))],
    [2, message(...written(nodes), [2, library(functions)])],
    ...(initializer === undefined
      ? []
      : [[4, message([1, 'init'], [2, message([1, message([1, initializer])])])] as const]),
    [5, message([1, 'serving_default'], [2, message([2, output])])],
    ...(objects === undefined
      ? []
      : [
          [
            7,
            message(
              ...objects.kinds.map((kind) => [1, message([kind, message()])] as const),
              ...bound.map(([name, numbers]) => [2, message([1, name], [2, message([2, numbers])])] as const),
            ),
          ] as const,
        ]),
  );
}

/** The bytes of a saved_model.pb, written by hand: what no TensorFlow would save. */
export function savedModelOf(graphs: readonly GraphToWrite[]): Uint8Array {
  return message(...graphs.map((graph) => [2, metaGraph(graph)] as const));
}
