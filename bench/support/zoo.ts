import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureFramework } from '../../scripts/frameworks.mjs';
import type { Framework } from '../../src/types/config.ts';
import { root } from './local.ts';

/** The nets of `test/zoo/`; `small` is for tests. */
export const NETS = ['resnet18', 'mobilenet-v2', 'bert'] as const;
export type Net = (typeof NETS)[number] | 'small';

/** A model file or folder of the zoo. */
export interface ZooModel {
  readonly framework: Framework;
  readonly net: string;
  readonly format: string;
  readonly path: string;
}

/** What each framework's script writes, by format: the file's name after the net's. */
const FORMATS: Readonly<Record<Framework, Readonly<Record<string, string>>>> = {
  onnx: { onnx: '.onnx' },
  pytorch: { pt2: '.pt2', torchscript: '.pt' },
  tensorflow: { savedmodel: '' },
  mxnet: { mxnet: '-symbol.json' },
};

/** Has a framework's own environment write nets into a folder. @throws Error where one is missing afterwards */
export function writeZoo(folder: string, framework: Framework, nets: readonly string[]): readonly ZooModel[] {
  // The .onnx files come from PyTorch's exports, so that all formats hold the same nets.
  const python = ensureFramework(`${framework}-convert`);
  execFileSync(python, ['-P', join(root, 'test', 'zoo', `${framework}.py`), folder, ...nets], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return nets.flatMap((net) =>
    Object.entries(FORMATS[framework]).map(([format, end]) => {
      const path = join(folder, `${net}${end}`);
      if (!existsSync(path)) throw new Error(`${path} was not written`);
      return { framework, net, format, path };
    }),
  );
}
