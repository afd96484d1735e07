import { basename } from 'node:path';

export const MODEL_KINDS = 'an .onnx, .pt2 or .pt file, the folder of a SavedModel, or NAME-symbol.json of MXNet';

const HINTS: readonly (readonly [RegExp, string])[] = [
  [/\.onnx$/, 'Is it a PyTorch model? Those are called .pt2 (torch.export) or .pt (TorchScript).'],
  [/\.(?:h5|hdf5|keras)$/, 'Keras: model.export(folder) writes a SavedModel.'],
  [/\.pb$/, 'A frozen graph has no signature: save a SavedModel by tf.saved_model.save.'],
  [/\.tflite$/, 'Take the SavedModel that it was made from.'],
  [
    /\.(?:safetensors|bin|ckpt|pkl|pickle|npz|index|data-\d+-of-\d+)$/,
    'It holds weights alone: export the model, by torch.export.save or tf.saved_model.save.',
  ],
];

/** What to do about a file of a kind that AYCI does not take, by its name. */
export function hintFor(path: string): string {
  const name = basename(path).toLowerCase();
  return HINTS.find(([ending]) => ending.test(name))?.[1] ?? 'Export the model to one of them: docs/models.md.';
}
