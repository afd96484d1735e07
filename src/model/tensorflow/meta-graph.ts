import { fieldsOf, messageAt, text, textIn } from '../wire.ts';
import { entryOf, type Graph, readGraph } from './graph.ts';
import { type ObjectGraph, readObjects } from './objects.ts';
import type { Parts } from './parts.ts';
import { readSignature, type SavedSignature } from './signatures.ts';

/** What of a MetaGraphDef (tensorflow/core/protobuf/meta_graph.proto) matters. */
export interface MetaGraph {
  readonly tags: readonly string[];
  readonly graph: Graph;
  /** The initializer included. */
  readonly signatures: ReadonlyMap<string, SavedSignature>;
  /** Tensors that signatures and collections name, initializers among them. */
  readonly roots: readonly string[];
  /** The tensor of where variables are restored from, the one that saving gives, and the operation that restores. */
  readonly saver: { readonly filename: string; readonly save: string; readonly restore: string };
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
export function readMetaGraph(bytes: Uint8Array, parts: Parts): MetaGraph {
  const signatures = new Map<string, SavedSignature>();
  const roots: string[] = [];
  const assets: string[] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.kind !== 'bytes') continue;
    parts.add();
    if (field.no === 4) readCollection(field.value, roots, assets, parts);
    if (field.no === 5) {
      const { key, value } = entryOf(field.value);
      signatures.set(key, readSignature(value, parts));
      for (const tensor of tensorsOf(value)) add(roots, tensor, parts);
    }
    if (field.no === 6) assets.push(textIn(field.value, 2));
  }
  const saver = messageAt(bytes, 3) ?? NOTHING;
  const objects = messageAt(bytes, 7);
  return {
    tags: tagsIn(messageAt(bytes, 1) ?? NOTHING, parts),
    graph: readGraph(messageAt(bytes, 2) ?? NOTHING, parts),
    signatures,
    roots,
    saver: { filename: textIn(saver, 1), save: textIn(saver, 2), restore: textIn(saver, 3) },
    objects: objects === null ? null : readObjects(objects, parts),
    assets,
  };
}

function add(list: string[], name: string, parts: Parts): void {
  parts.add();
  list.push(name);
}

/** MetaInfoDef: `tags` 4. */
function tagsIn(info: Uint8Array, parts: Parts): readonly string[] {
  const tags: string[] = [];
  for (const tag of textsAt(info, 4)) add(tags, tag, parts);
  return tags;
}

function* textsAt(bytes: Uint8Array, ...numbers: readonly number[]): Generator<string> {
  for (const field of fieldsOf(bytes))
    if (field.kind === 'bytes' && numbers.includes(field.no)) yield text(field.value);
}

function* messagesAt(bytes: Uint8Array, ...numbers: readonly number[]): Generator<Uint8Array> {
  for (const field of fieldsOf(bytes)) if (field.kind === 'bytes' && numbers.includes(field.no)) yield field.value;
}

/** SignatureDef: maps of TensorInfos as `inputs` 1 and `outputs` 2. */
function* tensorsOf(signature: Uint8Array): Generator<string> {
  // TensorInfo: `name` 1, `coo_sparse` 4 with three names, `composite_tensor` 5 with `components` 2.
  for (const entry of messagesAt(signature, 1, 2)) {
    const info = entryOf(entry).value;
    yield* textsAt(info, 1);
    for (const sparse of messagesAt(info, 4)) yield* textsAt(sparse, 1, 2, 3);
    for (const one of messagesAt(info, 5)) for (const part of messagesAt(one, 2)) yield* textsAt(part, 1);
  }
}

/** An entry of `collection_def`; CollectionDef: `node_list` 1, `bytes_list` 2, `any_list` 5, each with `value` 1. */
function readCollection(entry: Uint8Array, roots: string[], assets: string[], parts: Parts): void {
  const { key, value } = entryOf(entry);
  for (const { no, list } of listsIn(value))
    for (const one of messagesAt(list, 1)) {
      parts.add();
      if (no === 1) roots.push(text(one));
      if (no === 2 && key !== SAVERS) for (const name of ofVariable(one)) add(roots, name, parts);
      // Any: `value` 2; AssetFileDef: `filename` 2.
      if (no === 5 && key === ASSETS) assets.push(textIn(messageAt(one, 2) ?? NOTHING, 2));
    }
}

function* listsIn(collection: Uint8Array): Generator<{ readonly no: number; readonly list: Uint8Array }> {
  for (const field of fieldsOf(collection)) if (field.kind === 'bytes') yield { no: field.no, list: field.value };
}

/** VariableDef: its own name, and those of what initializes, copies and fills it; other messages have none. */
function ofVariable(message: Uint8Array): readonly string[] {
  try {
    return [1, 2, 3, 6].map((no) => textIn(message, no));
  } catch {
    return [];
  }
}
