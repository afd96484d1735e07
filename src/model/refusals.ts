import { basename } from 'node:path';
import { AyciError } from '../errors.ts';

const LFS = 'version https://git-lfs.github.com/spec/';

/** Looks at a file's first bytes: what must never reach a parser is named and refused here, whatever its name. */
export function refuseByContent(place: string, path: string, head: Uint8Array, size: number): void {
  const refuse = (what: string, hint: string): never => {
    throw new AyciError('model-invalid', `${place}: ${JSON.stringify(path)} ${what}`, { hint });
  };
  const start = Buffer.from(head.subarray(0, 64)).toString('latin1');
  if (size === 0) refuse('is empty; expected an ONNX model', 'Was its export or download cut short?');
  if (start.startsWith(LFS)) {
    refuse('is a Git LFS pointer, not the model', 'Run git lfs pull (in a workflow: actions/checkout with lfs: true).');
  }
  // A pickle's first operator is PROTO (0x80) with its version; older ones are text, which no model is.
  if (head[0] === 0x80 && (head[1] ?? 0) >= 2 && (head[1] ?? 0) <= 5) {
    refuse('is a Python pickle; AYCI never loads pickles', 'Export the model to ONNX.');
  }
  if (start.startsWith('PK\x03\x04')) {
    refuse('is a zip archive (a PyTorch checkpoint?); expected an ONNX model', 'Export the model to ONNX.');
  }
  if (start.startsWith('\x89HDF')) refuse('is an HDF5 file; expected an ONNX model', 'Export the model to ONNX.');
  if (/^\s*(?:[{[<]|md5:|outs:)/.test(start)) {
    refuse(
      'is a text file; expected an ONNX model',
      `Is it a pointer, such as DVC's, to ${JSON.stringify(basename(path))}?`,
    );
  }
}
