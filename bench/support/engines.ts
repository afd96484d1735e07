import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { squeezenet } from '../../src/demo/squeezenet.ts';
import type { Optimizer, RuntimeName } from '../../src/types/config.ts';
import { convertedFile } from './converted.ts';
import { writeZoo } from './zoo.ts';

/** What an engine is held against its own bare script on. */
export interface Subject {
  readonly name: string;
  readonly optimizer: Optimizer;
  /** The user's model. */
  readonly model: string;
  /** What the engine loads: the model's main file, or what it was converted to. */
  readonly file: string;
}

async function converted(
  engine: RuntimeName,
  optimizer: Optimizer,
  name: string,
  model: Buffer | Uint8Array,
  folder: string,
) {
  const path = join(folder, `${name}.onnx`);
  writeFileSync(path, model);
  return {
    name,
    optimizer,
    model: path,
    file: await convertedFile(path, optimizer, join(folder, `${engine}-${name}`)),
  };
}

/** Networks of three sizes on ONNX Runtime, SqueezeNet on the other engines that convert, ResNet-18 on frameworks. */
export async function subjects(engine: RuntimeName, folder: string): Promise<readonly Subject[]> {
  if (engine === 'onnx') {
    const sizes = [
      ['small', 0, 128],
      ['middle', 0, 224],
      ['large', 5, 288],
    ] as const;
    const made: Subject[] = [];
    for (const [name, extra, side] of sizes)
      made.push(await converted(engine, 'onnx', name, squeezenet(extra, side), folder));
    return made;
  }
  if (engine === 'tvm' || engine === 'openvino') {
    return [await converted(engine, engine, 'squeezenet', squeezenet(0, 224), folder)];
  }
  const [model] = writeZoo(folder, engine, ['resnet18']);
  if (model === undefined) throw new Error('no model');
  const file = engine === 'tensorflow' ? join(model.path, 'saved_model.pb') : model.path;
  return [{ name: 'resnet18', optimizer: 'vanilla', model: model.path, file }];
}
