import { readFile } from 'node:fs/promises';
import {
  elementsOf,
  type ModelFacts,
  protobufFile,
  RefusedModel,
  type Sources,
  sortedCounts,
  sourceOf,
} from '../facts.ts';
import { fieldsOf } from '../wire.ts';
import { checkAssets } from './assets.ts';
import { chosenSignature } from './choice.ts';
import { countOperators, type GraphNode } from './graph.ts';
import { type MetaGraph, readMetaGraph } from './meta-graph.ts';
import { checkOperators } from './operators.ts';
import { Parts } from './parts.ts';
import { reached } from './reached.ts';
import { inputsOf, readShape } from './signatures.ts';

export const SAVED_MODEL = 'saved_model.pb';
/** Names the signature where it is not the default one. */
export const SIGNATURE_FILE = 'ayci-signature';
/** Signatures that TensorFlow keeps for itself: initializers, a training step. */
const OWN = '__saved_model_';
const SERVE = 'serve';
const MOST_GRAPHS = 10;

/** Signatures that a SavedModel offers, sorted. */
export async function signatureNames(path: string): Promise<readonly string[]> {
  return namesOf(servedGraph(await graphsIn(path)));
}

/** A SavedModel, read without TensorFlow; `ayci-signature` says which signature is served. @throws Error or RefusedModel */
export async function readSavedModel(sources: Sources): Promise<ModelFacts> {
  const graphs = await graphsIn(sourceOf(sources, SAVED_MODEL));
  const meta = servedGraph(graphs);
  for (const { assets } of graphs) checkAssets(assets, sources);
  checkOperators(graphs, meta);
  const named = sources.get(SIGNATURE_FILE);
  const name = chosenSignature(namesOf(meta), named === undefined ? null : (await readFile(named, 'utf8')).trim());
  const signature = meta.signatures.get(name) ?? { inputs: [], outputs: [] };
  const served = reached(
    meta.graph,
    signature.outputs.flatMap(([, { node }]) => (node === null ? [] : [node])),
  );
  return {
    signature: { inputs: inputsOf(signature), outputs: signature.outputs.map(([output]) => output) },
    operators: sortedCounts(countOperators(served)),
    parameters: served.reduce((sum, node) => sum + variableElements(node), 0),
    opsets: {},
  };
}

/** SavedModel: `saved_model_schema_version` 1, `meta_graphs` 2. */
async function graphsIn(path: string): Promise<readonly MetaGraph[]> {
  const graphs: MetaGraph[] = [];
  const parts = new Parts();
  const hint = 'Keep weights in variables, which are saved beside the graph, not as constants in it.';
  for (const field of fieldsOf(await protobufFile(path, hint)))
    if (field.no === 2 && field.kind === 'bytes') {
      if (graphs.length === MOST_GRAPHS)
        throw new RefusedModel(`has more than ${MOST_GRAPHS} graphs; expected one`, 'Save it for serving alone.');
      graphs.push(readMetaGraph(field.value, parts));
    }
  return graphs;
}

/** The one that is tagged for serving. */
function servedGraph(graphs: readonly MetaGraph[]): MetaGraph {
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

function namesOf({ signatures }: MetaGraph): readonly string[] {
  return [...signatures.keys()].filter((name) => !name.startsWith(OWN)).sort();
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
