// How long the action takes from start to exit when its model is missing, against a bundle by the same bundler that
// only calls core.getInput and setFailed, and against an empty script. One run, interleaved; medians.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { INPUTS } from '../src/inputs/table.ts';
import { median } from './support/stats.ts';

const ROUNDS = 41;
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'ayci-bench-'));

async function bareBundle(): Promise<string> {
  const source = join(root, 'bench', 'support', 'bare.js');
  const bundle = await rolldown({ input: source, cwd: root, platform: 'node', logLevel: 'silent' });
  await bundle.write({ dir: folder, format: 'esm', minify: true, entryFileNames: 'bare.mjs' });
  await bundle.close();
  return join(folder, 'bare.mjs');
}

const empty = join(folder, 'empty.mjs');
writeFileSync(empty, '');
const scripts = { ayci: join(root, 'dist', 'action.js'), bare: await bareBundle(), empty };
const inputs = Object.fromEntries(INPUTS.map((input) => [`INPUT_${input.name.toUpperCase()}`, input.default ?? '']));
const env = { PATH: process.env.PATH ?? '', ...inputs, INPUT_MODEL: 'missing.onnx' };
const times: Record<keyof typeof scripts, number[]> = { ayci: [], bare: [], empty: [] };
for (let round = 0; round < ROUNDS; round += 1) {
  for (const name of ['ayci', 'bare', 'empty'] as const) {
    const begin = performance.now();
    spawnSync(process.execPath, [scripts[name]], { env, cwd: folder, stdio: 'ignore' });
    // The first round warms the disk's cache.
    if (round > 0) times[name].push(performance.now() - begin);
  }
}
rmSync(folder, { recursive: true, force: true });
const [ayci, bare, none] = [median(times.ayci), median(times.bare), median(times.empty)];
console.log(
  `start: ayci ${ayci.toFixed(0)} ms, bare bundle ${bare.toFixed(0)} ms, empty script ${none.toFixed(0)} ms (median of ${ROUNDS - 1}, node ${process.version})`,
);
console.log(
  `start: ${(ayci / bare).toFixed(2)} x the bare bundle (to reach: 1.25), ${(ayci / none).toFixed(2)} x the empty script`,
);
