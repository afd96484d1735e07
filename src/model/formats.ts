import type { Framework } from '../types/config.ts';
import { type ModelFacts, protobufFile, type Sources, sourceOf } from './facts.ts';
import { PARAMS, SYMBOL } from './mxnet/files.ts';
import { readOnnx } from './onnx.ts';

/** One way in which a model is written. */
export interface Format {
  readonly framework: Framework;
  /** As messages call it. */
  readonly what: string;
  /** The file that a runtime opens first. */
  readonly entry: string;
  /** How its entry begins. */
  readonly begins: 'zip' | 'protobuf' | 'json';
  /** The next step for somebody whose file is none. */
  readonly hint: string;
  /**
   * What the files tell, without running them.
   * @throws RefusedModel for what AYCI does not take; Error that says what is wrong with the bytes
   */
  read(sources: Sources): Promise<ModelFacts>;
}

const ONNX = 'model.onnx';

function onnxBytes(sources: Sources): Promise<Uint8Array> {
  const hint = 'Save the weights beside it: onnx.save_model(model, path, save_as_external_data=True).';
  return protobufFile(sourceOf(sources, ONNX), hint);
}

const TORCH_EXPORT = 'Export it: torch.export.save(torch.export.export(model, inputs), "model.pt2").';

export const FORMATS = {
  onnx: {
    framework: 'onnx',
    what: 'an ONNX model',
    entry: ONNX,
    begins: 'protobuf',
    hint: 'Is the file whole? onnx.checker.check_model says more.',
    read: async (sources) => {
      const { externalData: _, ...facts } = readOnnx(await onnxBytes(sources));
      return facts;
    },
  },
  pt2: {
    framework: 'pytorch',
    what: 'an exported PyTorch program',
    entry: 'model.pt2',
    begins: 'zip',
    hint: TORCH_EXPORT,
    read: async (sources) => (await import('./pytorch/pt2.ts')).readPt2(sources),
  },
  torchscript: {
    framework: 'pytorch',
    what: 'a TorchScript archive',
    entry: 'model.pt',
    begins: 'zip',
    hint: TORCH_EXPORT,
    read: async (sources) => (await import('./pytorch/torchscript.ts')).readTorchscript(sources),
  },
  savedModel: {
    framework: 'tensorflow',
    what: 'a SavedModel',
    entry: 'saved_model.pb',
    begins: 'protobuf',
    hint: "Save it by Keras's model.export(folder) or tf.saved_model.save.",
    read: async (sources) => (await import('./tensorflow/saved-model.ts')).readSavedModel(sources),
  },
  mxnet: {
    framework: 'mxnet',
    what: 'an MXNet model',
    entry: SYMBOL,
    begins: 'json',
    hint: `net.export and mod.save_checkpoint write ${SYMBOL.replace('model', 'NAME')} and ${PARAMS.replace('model', 'NAME')}.`,
    read: async (sources) => (await import('./mxnet/symbol.ts')).readMxnet(sources),
  },
} as const satisfies Readonly<Record<string, Format>>;

/** The format of a model by its entry; undefined: none that AYCI knows. */
export function formatOf(entry: string): Format | undefined {
  return Object.values<Format>(FORMATS).find((format) => format.entry === entry);
}

/** The format of a file by its name; undefined: none. */
export function formatByName(name: string): Format | undefined {
  const [, ending = ''] = /\.(\w+)$/.exec(name.toLowerCase()) ?? [];
  const known: Readonly<Record<string, Format>> = {
    onnx: FORMATS.onnx,
    pt2: FORMATS.pt2,
    pt: FORMATS.torchscript,
    pth: FORMATS.torchscript,
    ts: FORMATS.torchscript,
    torchscript: FORMATS.torchscript,
  };
  return Object.hasOwn(known, ending) ? known[ending] : undefined;
}

/** Paths of external data that an ONNX file names: see `OnnxFacts`. @throws Error where it cannot be read */
export async function externalDataOf(path: string): Promise<readonly string[]> {
  return readOnnx(await onnxBytes(new Map([[ONNX, path]]))).externalData;
}
