import { BinaryWriter } from '@bufbuild/protobuf/wire';

interface NodeToWrite {
  readonly name: string;
  readonly op: string;
  readonly inputs?: readonly string[];
  /** Functions that it calls. */
  readonly calls?: readonly string[];
  /** How deep functions lie within those that it calls; absent: none do. */
  readonly nested?: number;
  /** Strings by name; several are one field that comes again. */
  readonly attributes?: Readonly<Record<string, readonly string[]>>;
}

interface FunctionToWrite {
  readonly name: string;
  readonly arguments?: readonly string[];
  readonly nodes: readonly NodeToWrite[];
}

interface ObjectsToWrite {
  readonly kinds: readonly number[];
  readonly bound: Readonly<Record<string, readonly number[]>>;
  /** Functions by name, whether `bound` has them or not: by the field of a SavedObject that names them. */
  readonly named?: readonly (readonly [field: number, name: string])[];
}

export interface GraphToWrite {
  readonly tags?: readonly string[];
  readonly nodes?: readonly NodeToWrite[];
  /** In a field of its own that comes first: parsers merge both. */
  readonly hidden?: readonly NodeToWrite[];
  readonly functions?: readonly FunctionToWrite[];
  readonly objects?: ObjectsToWrite;
  readonly saver?: { readonly filename: string; readonly save: string; readonly restore: string };
  /** A node that initializes it. */
  readonly initializer?: string;
}

/** Kinds of a SavedObject. */
export const ASSET = 5;
export const RESOURCE = 10;
/** Those that name functions, by their field 1 or, the last, 2. */
export const FUNCTION = 6;
export const BARE_FUNCTION = 8;
export const CAPTURED = 12;

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

/** An AttrValue that names a function, with another one in its attribute, and so on. */
function callOf(name: string, nested: number): Uint8Array {
  const inner = nested === 0 ? [] : [[2, message([1, 'f'], [2, callOf(name, nested - 1)])] as const];
  return message([10, message([1, name], ...inner)]);
}

function node({ name, op, inputs = [], calls = [], nested = 0, attributes = {} }: NodeToWrite): Uint8Array {
  return message(
    [1, name],
    [2, op],
    ...inputs.map((input) => [3, input] as const),
    ...calls.map((call) => [5, message([1, call], [2, callOf(call, nested)])] as const),
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
  const { tags = ['serve'], nodes = [], hidden = [], functions = [], objects, initializer, saver } = graph;
  const written = (listed: readonly NodeToWrite[]) => listed.map((each) => [1, node(each)] as const);
  const output = message([1, 'y'], [2, message([1, 'call:0'])]);
  const bound = Object.entries(objects?.bound ?? {});
  return message(
    [1, message(...tags.map((tag) => [4, tag] as const))],
    [2, message(...written(hidden))],
    [2, message(...written(nodes), [2, library(functions)])],
    ...(saver === undefined ? [] : [[3, message([1, saver.filename], [2, saver.save], [3, saver.restore])] as const]),
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
              ...(objects.named ?? []).map(
                ([field, name]) => [1, message([field, message([field === CAPTURED ? 2 : 1, name])])] as const,
              ),
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
