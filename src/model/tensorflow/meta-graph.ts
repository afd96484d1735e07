import { fieldsOf, messageAt, text, textIn } from '../wire.ts';
import { entryOf, type Graph, readGraph } from './graph.ts';
import { type ObjectGraph, readObjects } from './objects.ts';
import { readSignature, type SavedSignature } from './signatures.ts';

/** What of a MetaGraphDef (tensorflow/core/protobuf/meta_graph.proto) matters. */
export interface MetaGraph {
  readonly tags: readonly string[];
  readonly graph: Graph;
  /** The initializer included. */
  readonly signatures: ReadonlyMap<string, SavedSignature>;
  /** Tensors that signatures and collections name, initializers among them. */
  readonly roots: readonly string[];
  /** The tensor of where variables are restored from, and the operation that does it. */
  readonly saver: { readonly filename: string; readonly restore: string };
  /** Null: TensorFlow 1 saved it. */
  readonly objects: ObjectGraph | null;
  /** Paths of assets in the folder `assets`. */
  readonly assets: readonly string[];
}

/** Messages of savers, among which there are no variables. */
const SAVERS = 'savers';
const ASSETS = 'saved_model_assets';
const NOTHING = new Uint8Array();

/** @throws Error */
export function readMetaGraph(bytes: Uint8Array): MetaGraph {
  const signatures = new Map<string, SavedSignature>();
  const roots: string[] = [];
  const assets: string[] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.kind !== 'bytes') continue;
    if (field.no === 4) readCollection(field.value, roots, assets);
    if (field.no === 5) {
      const { key, value } = entryOf(field.value);
      signatures.set(key, readSignature(value));
      roots.push(...tensorsOf(value));
    }
    if (field.no === 6) assets.push(textIn(field.value, 2));
  }
  const saver = messageAt(bytes, 3) ?? NOTHING;
  const objects = messageAt(bytes, 7);
  return {
    tags: textsAt(messageAt(bytes, 1) ?? NOTHING, 4),
    graph: readGraph(messageAt(bytes, 2) ?? NOTHING),
    signatures,
    roots,
    saver: { filename: textIn(saver, 1), restore: textIn(saver, 3) },
    objects: objects === null ? null : readObjects(objects),
    assets,
  };
}

function textsAt(bytes: Uint8Array, no: number): readonly string[] {
  return [...messagesAt(bytes, no)].map(text);
}

function* messagesAt(bytes: Uint8Array, no: number): Generator<Uint8Array> {
  for (const field of fieldsOf(bytes)) if (field.kind === 'bytes' && field.no === no) yield field.value;
}

/** SignatureDef: maps of TensorInfos as `inputs` 1 and `outputs` 2. */
function tensorsOf(signature: Uint8Array): readonly string[] {
  const infos = [...messagesAt(signature, 1), ...messagesAt(signature, 2)].map((entry) => entryOf(entry).value);
  // TensorInfo: `name` 1, `coo_sparse` 4 with three names, `composite_tensor` 5 with `components` 2.
  return infos.flatMap((info) => [
    ...textsAt(info, 1),
    ...[...messagesAt(info, 4)].flatMap((sparse) => [1, 2, 3].flatMap((no) => textsAt(sparse, no))),
    ...[...messagesAt(info, 5)].flatMap((one) => [...messagesAt(one, 2)]).flatMap((part) => textsAt(part, 1)),
  ]);
}

/** An entry of `collection_def`; CollectionDef: `node_list` 1, `bytes_list` 2, `any_list` 5, each with `value` 1. */
function readCollection(entry: Uint8Array, roots: string[], assets: string[]): void {
  const { key, value } = entryOf(entry);
  const listed = (no: number) => [...messagesAt(value, no)].flatMap((list) => [...messagesAt(list, 1)]);
  roots.push(...listed(1).map(text));
  if (key !== SAVERS) roots.push(...listed(2).flatMap(ofVariable));
  // Any: `value` 2; AssetFileDef: `filename` 2.
  if (key === ASSETS) assets.push(...listed(5).map((any) => textIn(messageAt(any, 2) ?? NOTHING, 2)));
}

/** VariableDef: its own name, and those of what initializes, copies and fills it; other messages have none. */
function ofVariable(message: Uint8Array): readonly string[] {
  try {
    return [1, 2, 3, 6].flatMap((no) => textsAt(message, no));
  } catch {
    return [];
  }
}
