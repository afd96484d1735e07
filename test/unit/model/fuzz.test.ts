import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { AyciError } from '../../../src/errors.ts';
import { loadModel } from '../../../src/model/load.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { tinyOnnx } from '../../support/onnx.ts';
import { uniform } from '../../support/random.ts';

const ROUNDS = 400;
const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

/** Bytes with one to four wounds: cut, flipped, overwritten by large numbers, doubled or taken out. */
function wounded(whole: Buffer, random: () => number): Buffer {
  let bytes = Buffer.from(whole);
  const below = (end: number) => Math.floor(random() * end);
  for (let wounds = 1 + below(4); wounds > 0; wounds -= 1) {
    const at = below(bytes.length);
    const end = Math.min(bytes.length, at + 1 + below(16));
    const wound = below(6);
    if (wound === 0) bytes = bytes.subarray(0, at);
    else if (wound === 1) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
    else if (wound === 2) bytes.fill(0xff, at, end);
    else if (wound === 3) bytes.fill(0, at, end);
    else if (wound === 4) bytes = Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
    else bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    if (bytes.length === 0) break;
  }
  return bytes;
}

describe('a damaged model is read as one or refused, never anything else', () => {
  it.each([
    ['image.pt2', 'image.pt2', ''],
    ['tokens.pt2', 'tokens.pt2', ''],
    ['traced.pt', 'traced.pt', ''],
    ['saved-several', 'saved_model.pb', 'saved_model.pb'],
    ['gluon-symbol.json', 'gluon-symbol.json', 'gluon-0000.params'],
    ['gluon-0000.params', 'gluon-0000.params', 'gluon-symbol.json'],
    ['m.onnx', 'm.onnx', ''],
  ])('%s', async (name, file, beside) => {
    await using folder = await temporaryFolder();
    if (name.startsWith('gluon')) await cp(fixture(beside), join(folder.path, beside));
    if (name === 'saved-several') await cp(fixture(name), folder.path, { recursive: true });
    const source = name === 'saved-several' ? fixture(`${name}/${file}`) : fixture(file);
    const whole = name === 'm.onnx' ? Buffer.from(tinyOnnx()) : await readFile(source);
    const random = uniform(7);
    const path = join(folder.path, file);
    const options = { signature: name === 'saved-several' ? 'tokens' : null, folder: async () => folder.path };
    let refused = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      await writeFile(path, wounded(whole, random));
      const result = await loadModel(path, '--model', options).catch((thrown: unknown) => thrown);
      if (result instanceof AyciError) {
        refused += 1;
        expect(['model-invalid', 'bad-input'], `${round}: ${result.stack}`).toContain(result.code);
        expect(result.message).toMatch(/^--model: /);
      } else expect(result, String(round)).toHaveProperty('signature.inputs');
    }
    // Most wounds are seen; the others hit weights, or names.
    expect(refused).toBeGreaterThan(ROUNDS / 10);
    await writeFile(path, whole);
    expect((await loadModel(path, '--model', options)).signature.inputs.length).toBeGreaterThan(0);
  });
});
