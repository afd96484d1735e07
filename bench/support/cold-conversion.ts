import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { artifactOf } from '../../src/archive/models.ts';
import { loadModel } from '../../src/model/load.ts';
import { resolveInputs } from '../../src/plan/shapes.ts';
import type { Optimizer, RuntimeName } from '../../src/types/config.ts';
import { root } from './local.ts';

/** What a converter is asked for. */
export interface Asked {
  readonly runtime: RuntimeName;
  readonly optimizer: Optimizer;
  readonly model: string;
  /** Converted where it is served, as on this machine. */
  readonly light?: true;
}

const SCRIPT = `
import importlib, json, sys
name = sys.argv[1]
handler = importlib.import_module(name).handler
json.dump(handler(json.load(sys.stdin), None), sys.stdout)
`;

/** One conversion by a runtime's handler in a process of its own, from its start to its end, ms. */
export async function coldConversion(
  { runtime, optimizer, model: path, light }: Asked,
  python: string,
): Promise<number> {
  const model = await loadModel(path, 'bench');
  const home = mkdtempSync(join(tmpdir(), 'ayci-bench-'));
  const output = join(home, 'output');
  const { inputs } = resolveInputs(model.signature, { shapes: {}, ranges: {}, files: {} }, 1, [1]);
  const request = {
    protocol: 1,
    op: 'convert',
    nonce: 'bench',
    framework: runtime,
    optimizer,
    artifact: artifactOf(model),
    hardware: process.arch === 'x64' ? 'x86_64' : 'arm64',
    batch: 1,
    threads: 1,
    seed: 0,
    inputs,
    output: pathToFileURL(output).href,
  };
  const folder = join(root, 'runtimes', runtime);
  const app = light === undefined && existsSync(join(folder, 'convert_app.py')) ? 'convert_app' : 'app';
  const begin = performance.now();
  execFileSync(python, ['-c', SCRIPT, app], {
    input: JSON.stringify(request),
    env: { PATH: process.env.PATH ?? '', HOME: home, PYTHONPATH: `${join(root, 'runtimes', 'common')}:${folder}` },
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const took = performance.now() - begin;
  rmSync(home, { recursive: true, force: true });
  return took;
}
