import { readFile, stat } from 'node:fs/promises';
import { elementsOf, type ModelFacts, RefusedModel, type Sources, sortedCounts, sourceOf } from '../facts.ts';
import { fieldsOf, text } from '../wire.ts';
import { chosenSignature } from './choice.ts';
import { countOperators, entryOf, type Graph, type GraphNode, reached, readGraph } from './graph.ts';
import { checkOperators } from './operators.ts';
import { inputsOf, readShape, readSignature, type SavedSignature } from './signatures.ts';

export const SAVED_MODEL = 'saved_model.pb';
/** Names the signature where it is not the default one. */
export const SIGNATURE_FILE = 'ayci-signature';
/** Protobuf's own limit of one message. */
const LARGEST_FILE = 2 ** 31 - 1;
/** Signatures that TensorFlow keeps for itself: initializers, a training step. */
const OWN = '__saved_model_';
const SERVE = 'serve';

/** What of a MetaGraphDef (tensorflow/core/protobuf/meta_graph.proto) matters. */
interface MetaGraph {
  readonly tags: readonly string[];
  readonly graph: Graph;
  /** The initializer included. */
  readonly signatures: ReadonlyMap<string, SavedSignature>;
  /** Functions that can be called by name, and those that run at loading. */
  readonly callable: readonly string[];
  /** Paths of assets in the folder `assets`. */
  readonly assets: readonly string[];
}

/** Signatures that a SavedModel offers, sorted. */
export async function signatureNames(path: string): Promise<readonly string[]> {
  return namesOf(servedGraph(await content(path)));
}

/** A SavedModel, read without TensorFlow; `ayci-signature` says which signature is served. @throws Error or RefusedModel */
export async function readSavedModel(sources: Sources): Promise<ModelFacts> {
  const meta = servedGraph(await content(sourceOf(sources, SAVED_MODEL)));
  checkAssets(meta.assets, sources);
  const { graph, signatures } = meta;
  const all: GraphNode[] = [...graph.nodes, ...[...graph.functions.values()].flat()];
  const roots = [...signatures.values()].flatMap(({ inputs, outputs }) => [...inputs, ...outputs]);
  const running = reached(
    graph,
    roots.flatMap(([, { node }]) => (node === null ? [] : [node])),
    meta.callable,
  );
  checkOperators(all, running, meta.assets.length > 0);
  const named = sources.get(SIGNATURE_FILE);
  const name = chosenSignature(namesOf(meta), named === undefined ? null : (await readFile(named, 'utf8')).trim());
  const signature = signatures.get(name) ?? { inputs: [], outputs: [] };
  const served = reached(
    graph,
    signature.outputs.flatMap(([, { node }]) => (node === null ? [] : [node])),
    [],
  );
  return {
    signature: { inputs: inputsOf(signature), outputs: signature.outputs.map(([output]) => output) },
    operators: sortedCounts(countOperators(served)),
    parameters: [...served].reduce((sum, node) => sum + variableElements(node), 0),
    opsets: {},
  };
}

async function content(path: string): Promise<Uint8Array> {
  const { size } = await stat(path);
  if (size > LARGEST_FILE) throw new Error(`it has ${size} bytes; a protobuf file ends at 2 GiB`);
  return readFile(path);
}

/** SavedModel: `saved_model_schema_version` 1, `meta_graphs` 2. The one that is tagged for serving, or the only one. */
function servedGraph(bytes: Uint8Array): MetaGraph {
  const graphs: MetaGraph[] = [];
  for (const field of fieldsOf(bytes))
    if (field.no === 2 && field.kind === 'bytes') graphs.push(readMetaGraph(field.value));
  const [first, ...others] = graphs;
  const served = graphs.filter(({ tags }) => tags.includes(SERVE));
  const [chosen] = served;
  if (chosen !== undefined && served.length === 1) return chosen;
  if (first === undefined) throw new Error('it holds no graph');
  if (others.length === 0 && served.length === 0)
    throw new RefusedModel(
      `has a graph with the tags ${JSON.stringify(first.tags.slice(0, 5))}; expected "${SERVE}"`,
      'Save it for serving.',
    );
  throw new RefusedModel(
    `has ${graphs.length} graphs, ${served.length} of them tagged "${SERVE}"; expected one`,
    'Save it for serving alone.',
  );
}

function readMetaGraph(bytes: Uint8Array): MetaGraph {
  const tags: string[] = [];
  const signatures = new Map<string, SavedSignature>();
  const callable: string[] = [];
  const assets: string[] = [];
  let graph: Graph = { nodes: [], functions: new Map() };
  for (const field of fieldsOf(bytes)) {
    if (field.kind !== 'bytes') continue;
    if (field.no === 1)
      for (const part of fieldsOf(field.value)) if (part.kind === 'bytes' && part.no === 4) tags.push(text(part.value));
    if (field.no === 2) graph = readGraph(field.value);
    if (field.no === 5) {
      const { key, value } = entryOf(field.value);
      signatures.set(key, readSignature(value));
    }
    if (field.no === 6) assets.push(assetOf(field.value));
    // SavedObjectGraph: `concrete_functions` 2, by name.
    if (field.no === 7)
      for (const part of fieldsOf(field.value))
        if (part.kind === 'bytes' && part.no === 2) callable.push(entryOf(part.value).key);
  }
  return { tags, graph, signatures, callable, assets };
}

/** AssetFileDef: `filename` 2. */
function assetOf(bytes: Uint8Array): string {
  for (const field of fieldsOf(bytes)) if (field.kind === 'bytes' && field.no === 2) return text(field.value);
  return '';
}

function namesOf({ signatures }: MetaGraph): readonly string[] {
  return [...signatures.keys()].filter((name) => !name.startsWith(OWN)).sort();
}

function checkAssets(assets: readonly string[], sources: Sources): void {
  for (const asset of assets) {
    const shown = JSON.stringify(asset.slice(0, 100));
    if (asset === '' || asset.startsWith('/') || asset.split(/[\\/]/).includes('..'))
      throw new RefusedModel(`has an asset ${shown} that lies outside its folder`, 'Save the model again.');
    if (!sources.has(`assets/${asset}`)) throw new Error(`its asset ${shown} is missing`);
  }
}

const DT_FLOATS = new Set([1n, 2n, 14n, 19n]);

/** Elements of a variable, or of a constant of floats as frozen graphs have them. */
function variableElements({ op, attributes }: GraphNode): number {
  if (op !== 'VarHandleOp' && op !== 'VariableV2' && op !== 'Const') return 0;
  let isFloat = false;
  for (const field of fieldsOf(attributes.get('dtype') ?? new Uint8Array()))
    if (field.no === 6 && field.kind === 'varint') isFloat = DT_FLOATS.has(field.value);
  if (!isFloat) return 0;
  // AttrValue: `shape` 7, `tensor` 8 (TensorProto: `tensor_shape` 2).
  const [attribute, no] = op === 'Const' ? (['value', 8] as const) : (['shape', 7] as const);
  for (const field of fieldsOf(attributes.get(attribute) ?? new Uint8Array())) {
    if (field.kind !== 'bytes' || field.no !== no) continue;
    if (op !== 'Const') return sizeOf(field.value);
    for (const part of fieldsOf(field.value)) if (part.kind === 'bytes' && part.no === 2) return sizeOf(part.value);
  }
  return 0;
}

function sizeOf(shape: Uint8Array): number {
  return elementsOf((readShape(shape, 'of weights') ?? []).map((dim) => (typeof dim === 'number' ? dim : 0)));
}
