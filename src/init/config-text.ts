import { stringify } from 'yaml';
import { visible } from '../report/escape.ts';
import type { TensorSignature } from '../types/model.ts';
import type { FoundModel } from './models.ts';

/** Models written out; a longer list is for globs. */
export const MOST_WRITTEN = 50;
const INPUTS_SHOWN = 4;

/** A path as a YAML scalar; what would make it a glob is escaped. */
function scalar(path: string): string {
  return stringify(path.replaceAll(/[*?[\]{}]/g, '\\$&'), { lineWidth: 0 }).trimEnd();
}

/** `image float32 [N, 3, 224, 224]`, harmless in a comment whatever the names are. */
function inputText({ name, dtype, dims }: TensorSignature): string {
  const shape = dims?.slice(0, 8).map((dim) => (dim === null ? '?' : visible(String(dim), 20))) ?? [];
  const more = dims === null ? '…' : dims.length > 8 ? ', …' : '';
  return `${visible(name, 40)} ${dtype ?? 'of any type'} [${shape.join(', ')}${more}]`;
}

function modelLines({ path, inputs }: FoundModel): readonly string[] {
  const shown = inputs?.slice(0, INPUTS_SHOWN).map(inputText) ?? [];
  const more = (inputs?.length ?? 0) > INPUTS_SHOWN ? ', …' : '';
  return [`  - path: ${scalar(path)}`, ...(shown.length === 0 ? [] : [`    # takes ${shown.join(', ')}${more}`])];
}

/** A first `.github/ayci.yml` for these models. */
export function configText(models: readonly FoundModel[]): string {
  const left = models.length - MOST_WRITTEN;
  return [
    '# The models of this repository and what they are held to. Every setting: docs/config-file.md of AYCI.',
    '',
    'defaults:',
    '  memory: 1769 # MB, one vCPU; several: [885, 1769]',
    '  batch: 1',
    '  max-latency-regression: 5%',
    '  max-cost-regression: 5%',
    '',
    'models:',
    ...models.slice(0, MOST_WRITTEN).flatMap(modelLines),
    ...(left > 0 ? [`  # and ${left} more: name those that matter, or a glob such as models/**/*.onnx`] : []),
    '',
    'fail-on: [regressed, unmeasured]',
    '# only-changed: true   measure only models that this change touches',
    '',
  ].join('\n');
}
