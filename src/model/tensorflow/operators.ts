import { RefusedModel } from '../facts.ts';
import { fieldsOf } from '../wire.ts';
import { readsAsset } from './assets.ts';
import { type GraphNode, tensorOf } from './graph.ts';
import known from './known-operators.json' with { type: 'json' };
import type { MetaGraph } from './meta-graph.ts';
import { callsOf, type Running, running } from './reached.ts';

/** TensorFlow's operators that only compute, as the runtime tells them. */
const COMPUTING = new Set(Object.values(known.computing).flatMap((names) => names.split(' ')));
/** All others of its operators, with what speaks against them. */
const REACHING = new Map(
  Object.entries(known.reaching).flatMap(([reason, names]) => names.split(' ').map((name) => [name, reason] as const)),
);
const UNKNOWN = "is none of TensorFlow's public operators";
/** They bring variables and tables from and to files: sound where nothing runs them but TensorFlow itself. */
const SAVING = new Set(known.saving.split(' '));
const VOCABULARY = new Set(known.vocabulary.split(' '));
const FILES = 'reads or writes files';
/** What PrintV2 writes to beside files. */
const STREAMS = new Set(['', 'stderr', 'stdout', 'log(info)', 'log(warning)', 'log(error)']);
const SHOWN = 5;

/**
 * Every graph and all functions of its library, called or not, are read.
 * @param served the one whose variables are not to be saved or restored but by TensorFlow itself
 * @throws RefusedModel that names what reaches out of the model
 */
export function checkOperators(graphs: readonly MetaGraph[], served: MetaGraph): void {
  const found = new Map<string, string>();
  for (const { graph } of graphs)
    for (const node of [...graph.nodes, ...[...graph.functions.values()].flatMap(({ nodes }) => nodes)]) {
      const reason = reasonAgainst(node, graph.functions);
      if (reason !== null && !found.has(node.op)) found.set(node.op, reason);
    }
  const runs = running(served, graphs.length === 1 && served.objects !== null);
  for (const op of reachingFiles(served, runs)) found.set(op, FILES);
  if (found.size === 0) return;
  const list = [...found].slice(0, SHOWN).map(([op, reason]) => `${op.slice(0, 60)} (${reason})`);
  throw new RefusedModel(
    `has operators that AYCI does not run: ${list.join(', ')}${found.size > SHOWN ? `, and ${found.size - SHOWN} more` : ''}`,
    'Save a signature that only computes.',
  );
}

function reasonAgainst({ op, attributes }: GraphNode, own: ReadonlyMap<string, unknown>): string | null {
  if (op === 'PrintV2' && !STREAMS.has(stringOf(attributes.get('output_stream')))) return 'writes files';
  if (COMPUTING.has(op)) return null;
  return REACHING.get(op) ?? (own.has(op) ? null : UNKNOWN);
}

/** The string of an AttrValue (`s` 2); of several the last one counts. */
function stringOf(attribute: Uint8Array | undefined): string {
  let last = '';
  for (const field of attribute === undefined ? [] : fieldsOf(attribute))
    if (field.kind === 'bytes' && field.no === 2) last = Buffer.from(field.value).toString('latin1');
  return last;
}

/** Those that run and bring to or from files what is not the model's own. */
function* reachingFiles({ saver, objects }: MetaGraph, runs: Running): Generator<string> {
  const isOfFiles = ({ op }: GraphNode) => SAVING.has(op) || VOCABULARY.has(op);
  // Of its node TensorFlow feeds this tensor alone.
  const isOwn = ({ op, inputs: [prefix] }: GraphNode) =>
    op === 'RestoreV2' && prefix !== undefined && tensorOf(prefix) === saver.filename;
  for (const node of runs.restoring) if (isOfFiles(node) && !isOwn(node)) yield node.op;
  for (const node of runs.main) if (isOfFiles(node)) yield node.op;
  const nodes = [...runs.main, ...runs.restoring, ...runs.functions.flatMap((each) => each.nodes)];
  const called = new Set(nodes.flatMap(callsOf));
  for (const each of runs.functions)
    for (const node of each.nodes)
      if (isOfFiles(node) && !(VOCABULARY.has(node.op) && readsAsset(node, each, objects, called))) yield node.op;
}
