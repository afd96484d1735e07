import type { Signature } from '../types/model.ts';
import { elementsOf, RefusedModel, sortedCounts } from './facts.ts';
import { checkDomains } from './onnx/domains.ts';
import { Found, readFunction, readGraph } from './onnx/graph.ts';
import { signatureOf } from './onnx/signature.ts';
import { fieldsOf, textIn } from './wire.ts';

/** What AYCI has to know of an ONNX file before a runtime opens it. Field numbers: onnx.proto (IR version 11). */
export interface OnnxFacts {
  readonly signature: Signature;
  /** `domain.Operator` (the default domain unnamed) and how often it occurs, subgraphs included. */
  readonly operators: Readonly<Record<string, number>>;
  /** Elements of all initializers, subgraphs included. */
  readonly parameters: number;
  /** Version of each operator set; the default domain is unnamed. */
  readonly opsets: Readonly<Record<string, number>>;
  /** Paths of external data, relative to the model's folder: each once, and plain (`w.bin`, not `./w.bin`). */
  readonly externalData: readonly string[];
}

const MOST_OPSETS = 10_000;

/**
 * Reads a ModelProto.
 * @throws Error that says what is wrong with the bytes; RefusedModel for custom operators, data outside the model's
 * folder, and what is beyond all measure
 */
export function readOnnx(bytes: Uint8Array): OnnxFacts {
  const found = new Found();
  let graph: Uint8Array | null = null;
  const opsets = new Map<string, number>();
  for (const field of fieldsOf(bytes)) {
    if (field.kind !== 'bytes') continue;
    if (field.no === 7) {
      // Parsers merge them: what is read here would not be what they see.
      if (graph !== null) throw new RefusedModel('holds two graphs; expected one', 'Export the model again.');
      graph = field.value;
    }
    if (field.no === 8) readOpset(field.value, opsets);
    if (field.no === 25) readFunction(field.value, found);
  }
  if (graph === null) throw new Error('it holds no graph');
  if (opsets.size === 0) throw new Error('it ends before its opset');
  readGraph(graph, found);
  checkDomains(found.called, found.functions);
  return {
    signature: signatureOf(graph),
    operators: namedCounts(found),
    parameters: elementsOf([found.parameters]),
    opsets: Object.fromEntries(opsets),
    externalData: [...found.locations].sort(),
  };
}

function namedCounts({ called, counts }: Found): Readonly<Record<string, number>> {
  const named = new Map<string, number>();
  for (const [key, { domain, type }] of called) {
    const name = domain === '' || domain === 'ai.onnx' ? type : `${domain}.${type}`;
    named.set(name, (named.get(name) ?? 0) + (counts.get(key) ?? 0));
  }
  return sortedCounts(named);
}

/** OperatorSetIdProto. */
function readOpset(bytes: Uint8Array, opsets: Map<string, number>): void {
  const domain = textIn(bytes, 1);
  let version = 0;
  for (const field of fieldsOf(bytes))
    if (field.no === 2 && field.kind === 'varint') version = Number(BigInt.asIntN(64, field.value));
  opsets.set(domain === 'ai.onnx' ? '' : domain, version);
  if (opsets.size > MOST_OPSETS)
    throw new RefusedModel(
      `has more than ${MOST_OPSETS} operator sets; expected at most ${MOST_OPSETS}`,
      'Export the model again.',
    );
}
