import { RefusedModel } from '../facts.ts';
import { at, entriesAt, type Json, textAt } from '../loose-json.ts';

/**
 * Looks through the list of weights or constants of a `.pt2`.
 * @throws RefusedModel where one is to be unpickled or lies elsewhere
 */
export function checkPayloads(
  config: Json,
  kind: 'weights' | 'constants',
  members: ReadonlyMap<string, unknown>,
): void {
  const plain = kind === 'weights' ? /^weight_\d{1,9}$/ : /^tensor_\d{1,9}$/;
  for (const [name, payload] of entriesAt(config, 'config')) {
    const shown = JSON.stringify(name.slice(0, 100));
    const path = textAt(payload, 'path_name') ?? '';
    if (at(payload, 'use_pickle') !== false)
      throw new RefusedModel(
        `asks for pickle: ${shown} of its ${kind}`,
        'A pickle can run code. torch.export.save stores plain dense tensors without it.',
      );
    if (!plain.test(path))
      throw new RefusedModel(
        `keeps ${shown} of its ${kind} in ${JSON.stringify(path.slice(0, 100))}`,
        'AYCI takes plain tensors alone.',
      );
    if (!members.has(`data/${kind}/${path}`)) throw new Error(`it has no member data/${kind}/${path}`);
  }
}
