import { modelSource } from '../../model/source.ts';
import { visible } from '../../report/escape.ts';
import { bytesText } from '../../report/format.ts';
import { OPTIMIZERS } from '../../types/config.ts';
import type { Model, TensorSignature } from '../../types/model.ts';
import { routeOf } from '../../types/runtimes.ts';
import { type Check, ok, tried } from './check.ts';

function tensorText({ dtype, dims }: TensorSignature): string {
  const unknown = [...(dtype === null ? ['type'] : []), ...(dims === null ? ['shape'] : [])].join(' and ');
  if (dims === null || dtype === null) return `${unknown} not told by the model: give it with --input-shape or --input`;
  return `${dtype} ${dims.map((dim) => dim ?? '?').join('x') || 'scalar'}`;
}

/** Which runtimes an optimizer takes: `pytorch → onnx → tvm`, the last of them serves. */
function routeText(model: Model, optimizer: (typeof OPTIMIZERS)[number]): string {
  const route = routeOf(model.framework, optimizer);
  if (typeof route === 'string') return route;
  const names = [...route.steps.map(({ runtime }) => runtime), route.serves];
  return names.filter((name, index) => name !== names[index - 1]).join(' → ');
}

/** What a model takes and gives, and by which way each optimizer comes to it. Nothing of the model is run. */
export async function modelChecks(path: string, signature: string | null): Promise<readonly Check[]> {
  const source = modelSource(() => '--model');
  const found: Model[] = [];
  const read = await tried('model', async () => {
    const model = await source.candidate(path, signature).finally(() => source.close());
    found.push(model);
    const size = model.files.reduce((sum, file) => sum + file.size, 0);
    const files = `${model.files.length} file${model.files.length === 1 ? '' : 's'}`;
    return `${model.path}: ${model.framework}, ${bytesText(size)} in ${files}, key ${model.key}`;
  });
  const [model] = found;
  if (model === undefined) return [read];
  return [
    read,
    ...model.signature.inputs.map((input) => ok(`input ${visible(input.name)}`, tensorText(input))),
    ok('outputs', model.signature.outputs.join(', ')),
    ...OPTIMIZERS.map((optimizer) => ok(`optimizer ${optimizer}`, routeText(model, optimizer))),
  ];
}
