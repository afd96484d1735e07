import type { Dimension, Dtype, TensorSignature } from '../../types/model.ts';
import { countOne, elementsOf, type ModelFacts, RefusedModel, sortedCounts } from '../facts.ts';
import { at, entriesAt, isMap, type Json, listAt, mapsIn, textAt } from '../loose-json.ts';
import { isPlainGuard, plainExpression } from './expressions.ts';
import { operatorOf } from './operators.ts';
import { checkTree, outputNames } from './tree.ts';

/** torch._export.serde.schema.ScalarType. */
const DTYPE_OF: Readonly<Record<number, Dtype>> = {
  1: 'uint8',
  2: 'int8',
  3: 'int16',
  4: 'int32',
  5: 'int64',
  6: 'float16',
  7: 'float32',
  8: 'float64',
  12: 'bool',
  13: 'bfloat16',
  28: 'uint16',
  34: 'uint32',
  35: 'uint64',
};
const LARGEST_DIMENSION = 1_000_000_000;
/** torch writes constants in quotes into source that it runs. */
const TEXT = /^[^'"\\\p{Cc}]*$/u;

/**
 * What a serialized ExportedProgram (torch._export.serde.schema) says.
 * @throws Error or RefusedModel
 */
export function programFacts(program: Json): ModelFacts {
  const operators = checkedOperators(program);
  const inputs: TensorSignature[] = [];
  let parameters = 0;
  const graph = at(program, 'graph_module', 'graph');
  const tensor = (name: string): Json | undefined => at(graph, 'tensor_values', name);
  for (const spec of listAt(program, 'graph_module', 'signature', 'input_specs')) {
    const [kind = '', body] = entriesAt(spec)[0] ?? [];
    const arg = at(body, 'arg');
    if (kind === 'user_input') inputs.push(inputOf(arg, tensor));
    else if (['parameter', 'buffer', 'tensor_constant'].includes(kind)) {
      const dims = dimsOf(tensor(textAt(arg, 'name') ?? ''), 'a weight');
      parameters += elementsOf(dims.map((dim) => (typeof dim === 'number' ? dim : Number.NaN)));
    } else if (kind !== 'constant_input')
      throw new RefusedModel(`takes a ${kind.slice(0, 40)} as input`, 'Export it with tensors alone as inputs.');
  }
  return {
    signature: { inputs, outputs: outputsOf(program) },
    operators,
    parameters,
    opsets: Object.fromEntries(
      entriesAt(program, 'opset_version').flatMap(([name, version]) =>
        typeof version === 'number' ? [[name, version]] : [],
      ),
    ),
  };
}

function inputOf(arg: Json | undefined, tensor: (name: string) => Json | undefined): TensorSignature {
  const name = textAt(arg, 'as_tensor', 'name');
  if (name === undefined) {
    const [kind = 'nothing'] = entriesAt(arg)[0] ?? [];
    throw new RefusedModel(
      `takes ${JSON.stringify(kind.replace(/^as_/, '').slice(0, 40))} as input, which is no tensor`,
      'Export it with tensors alone as inputs.',
    );
  }
  const shown = `its input ${JSON.stringify(name.slice(0, 100))}`;
  const found = tensor(name);
  const type = at(found, 'dtype');
  const dtype = typeof type === 'number' ? DTYPE_OF[type] : undefined;
  if (dtype === undefined) throw new Error(`${shown} has element type ${JSON.stringify(type ?? null)}`);
  return { name, dtype, dims: dimsOf(found, shown) };
}

function dimsOf(tensor: Json | undefined, shown: string): readonly Dimension[] {
  if (tensor === undefined) throw new Error(`${shown} is missing from its graph`);
  return listAt(tensor, 'sizes').map((size) => {
    const fixed = at(size, 'as_int');
    if (typeof fixed === 'number' && Number.isInteger(fixed) && fixed >= 0 && fixed <= LARGEST_DIMENSION) return fixed;
    const expression = textAt(size, 'as_expr', 'expr_str');
    if (expression === undefined) throw new Error(`${shown} has a dimension of ${JSON.stringify(fixed ?? null)}`);
    return plainExpression(expression);
  });
}

function outputsOf(program: Json): readonly string[] {
  const specs = listAt(program, 'graph_module', 'signature', 'output_specs').flatMap((spec) => {
    const arg = at(spec, 'user_output', 'arg');
    return arg === undefined ? [] : [arg];
  });
  const root = listAt(program, 'graph_module', 'module_call_graph').find((call) => at(call, 'fqn') === '');
  const names = outputNames(textAt(root, 'signature', 'out_spec') ?? '');
  return specs.flatMap((arg, index) => {
    const name = textAt(arg, 'as_tensor', 'name');
    return name === undefined ? [] : [(names?.length === specs.length ? names[index] : undefined) ?? name];
  });
}

/** Counts operators, and refuses whatever else torch would evaluate, anywhere in the program. */
function checkedOperators(program: Json): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  const run = 'Export the model with operators and sizes of PyTorch alone.';
  const count = (target: string): void => {
    const operator = operatorOf(target);
    if (operator === null)
      throw new RefusedModel(
        `calls ${JSON.stringify(target.slice(0, 100))}, which AYCI does not let a model call`,
        run,
      );
    countOne(counts, operator);
  };
  for (const map of mapsIn(program)) {
    const { target, expr_str: expression, as_operator: operator, guards_code: guards } = map;
    if (typeof target === 'string' && Array.isArray(map.inputs)) count(target);
    if (typeof operator === 'string') count(operator);
    if (typeof expression === 'string' && plainExpression(expression) === null)
      throw new RefusedModel(`has a size that is no arithmetic: ${JSON.stringify(expression.slice(0, 80))}`, run);
    if (
      guards !== undefined &&
      !(Array.isArray(guards) && guards.every((guard) => typeof guard === 'string' && isPlainGuard(guard)))
    )
      throw new RefusedModel('has a guard that is no comparison of sizes', run);
    for (const text of [map.as_string, ...(Array.isArray(map.as_strings) ? map.as_strings : [])])
      if (typeof text === 'string' && !TEXT.test(text))
        throw new RefusedModel(
          `has a constant with quotes or control characters: ${JSON.stringify(text.slice(0, 80))}`,
          run,
        );
    for (const spec of [map.in_spec, map.out_spec]) if (typeof spec === 'string') checkTree(spec);
    if (isMap(map.custom_obj_values) && Object.keys(map.custom_obj_values).length > 0)
      throw new RefusedModel('holds objects that are no tensors', run);
  }
  return sortedCounts(counts);
}
