// Which share of a run's wall time is inference inside blocks and stretches: 12 cells of a full vCPU, environments in place.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { squeezenet } from '../src/demo/squeezenet.ts';
import type { MeasureResponse } from '../src/types/protocol.ts';
import type { Report } from '../src/types/report.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'ayci-bench-'));
const models = { v1: join(folder, 'v1.onnx'), v2: join(folder, 'v2.onnx') };
writeFileSync(models.v1, squeezenet(0));
writeFileSync(models.v2, squeezenet(2));
const cli = join(root, 'dist', 'cli.js');
spawnSync(process.execPath, [cli, 'doctor'], { cwd: folder, stdio: 'ignore' });
const args = [
  'run',
  '--model',
  models.v2,
  '--baseline',
  models.v1,
  '--optimizer',
  'vanilla,onnx',
  '--batch',
  '1,2',
  '--memory',
  '1769,1770,1771',
];
const begin = performance.now();
spawnSync(process.execPath, [cli, ...args], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
const wall = (performance.now() - begin) / 1000;
const report = JSON.parse(readFileSync(join(folder, 'ayci-report', 'report.json'), 'utf8')) as Report;
const raw = join(folder, '.ayci', 'local', 'raw', report.models[0]?.key ?? '');
const [file = ''] = readdirSync(raw);
const cells = (
  JSON.parse(gunzipSync(readFileSync(join(raw, file))).toString()) as { cells: { responses: MeasureResponse[] }[] }
).cells;
const responses = cells.flatMap((cell) => cell.responses);
let inside = 0;
for (const response of responses) {
  for (const subject of response.subjects) inside += subject.stretch.wallMs;
  // A block's first inference warms the caches and is not counted, but it is inference inside the block.
  for (const block of response.blocks) inside += block.wallMs * (block.count + (block.count > 1 ? 1 : 0));
}
rmSync(folder, { recursive: true, force: true });
console.log(
  `occupancy: ${cells.length} cells, ${responses.length} sandboxes, ${wall.toFixed(1)} s, ${(inside / 1000 / responses.length).toFixed(2)} s timed a sandbox`,
);
console.log(
  `occupancy: ${((100 * inside) / 1000 / wall).toFixed(0)} % inference inside blocks and stretches (to reach: 60)`,
);
