// A rerun with nothing changed: calls, archive reads, and time beyond hashing against the bare bundle of bench/start.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { folderArchive } from '../src/archive/folder.ts';
import { readKnown } from '../src/archive/records.ts';
import { squeezenet } from '../src/demo/squeezenet.ts';
import { LOCAL_SCOPE } from '../src/github/context.ts';
import { loadModel } from '../src/model/load.ts';
import type { Report } from '../src/types/report.ts';
import { median } from './support/stats.ts';

const ROUNDS = 21;
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'ayci-bench-'));
const models = { v1: join(folder, 'v1.onnx'), v2: join(folder, 'v2.onnx') };
writeFileSync(models.v1, squeezenet(0));
writeFileSync(models.v2, squeezenet(2));
const args = [join(root, 'dist', 'cli.js'), 'run', '--model', models.v2, '--baseline', models.v1];
const bundle = await rolldown({
  input: join(root, 'bench', 'support', 'bare.js'),
  cwd: root,
  platform: 'node',
  logLevel: 'silent',
});
await bundle.write({ dir: folder, format: 'esm', minify: true, entryFileNames: 'bare.mjs' });
await bundle.close();

const run = (program: readonly string[]): number => {
  const begin = performance.now();
  spawnSync(process.execPath, program, { cwd: folder, stdio: 'ignore' });
  return performance.now() - begin;
};
run(args);
const times = { ayci: [] as number[], bare: [] as number[], hash: [] as number[] };
for (let round = 0; round < ROUNDS; round += 1) {
  times.ayci.push(run(args));
  times.bare.push(run([join(folder, 'bare.mjs')]));
  const begin = performance.now();
  for (const path of Object.values(models)) createHash('sha256').update(readFileSync(path)).digest();
  times.hash.push(performance.now() - begin);
}
const report = JSON.parse(readFileSync(join(folder, 'ayci-report', 'report.json'), 'utf8')) as Report;
let reads = 0;
const store = folderArchive(join(folder, '.ayci'));
await readKnown(
  {
    ...store,
    read(key) {
      reads += 1;
      return store.read(key);
    },
  },
  LOCAL_SCOPE,
  (await loadModel(models.v2, 'bench')).key,
);
rmSync(folder, { recursive: true, force: true });
const [ayci, bare, hash] = [median(times.ayci), median(times.bare), median(times.hash)];
console.log(
  `unchanged: ${report.run.calls} calls (to reach: 0), ${reads} archive read(s) (to reach: at most 2), ${report.run.reused} of 1 cells reused`,
);
console.log(
  `unchanged: ${ayci.toFixed(0)} ms, of which hashing ${hash.toFixed(0)} ms; bare bundle ${bare.toFixed(0)} ms (median of ${ROUNDS})`,
);
console.log(`unchanged: ${((ayci - hash) / bare).toFixed(2)} x the bare bundle beyond hashing (to reach: 2)`);
