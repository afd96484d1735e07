import { stat } from 'node:fs/promises';
import { AyciError } from '../errors.ts';

/**
 * @param place how messages name where the path came from: `--model`
 * @throws AyciError `bad-input` where there is no regular file
 */
export async function requireModel(path: string, place: string): Promise<void> {
  const shown = JSON.stringify(path);
  const found = await stat(path).catch((cause: unknown) => {
    throw new AyciError('bad-input', `${place}: no file ${shown}; expected the path of an .onnx file`, {
      hint: 'Is the path relative to the working directory?',
      cause,
    });
  });
  if (found.isDirectory()) throw new AyciError('bad-input', `${place}: ${shown} is a folder; expected an .onnx file`);
  if (!found.isFile())
    throw new AyciError('bad-input', `${place}: ${shown} is not a regular file; expected an .onnx file`);
}
