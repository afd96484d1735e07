// The measuring stage on a scripted Lambda with a known service time and a cap of 100 requests at once: its wall time
// against calls × service time / cap + the longest call, and what a cell leaves in memory beyond its result.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const CAP = 100;
// orchestration [SERVICE_MS] [ALLOWED] [CELLS]: ALLOWED is what the account says it may run at once, the cap unless given;
// above it the requests in flight have to come down to the cap by what is refused.
const SERVICE_MS = Number(process.argv[2] ?? 500);
const ALLOWED = Number(process.argv[3] ?? CAP);
const MOST_CELLS = Number(process.argv[4] ?? 10_000);
/** Sizes × batches. */
const SHAPES = [
  [10, 10],
  [20, 50],
  [100, 100],
] as const;
const TO_REACH = 1.05;
const MOST_BYTES = 1024;

const support = (name: string): string => fileURLToPath(new URL(`support/${name}`, import.meta.url));

interface Counts {
  readonly calls: number;
  readonly refused: number;
  readonly highest: number;
  readonly longestMs: number;
}

interface Run {
  readonly cells: number;
  readonly measured: number;
  readonly error: string | null;
  readonly sandboxes: number;
  readonly wallMs: number;
  readonly grown: number | null;
  readonly resultBytes: number;
  readonly rss: number;
}

function range(count: number, from: number, step: number): string {
  return Array.from({ length: count }, (_, at) => from + at * step).join(',');
}

async function bench(sizes: number, batches: number): Promise<{ counts: Counts; run: Run }> {
  const memories = range(sizes, 200, 100);
  const figures = [SERVICE_MS, CAP, ALLOWED].map(String);
  const server = spawn(process.execPath, [support('lambda-server.ts'), ...figures, memories], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  try {
    const endpoint = String((await lines.next()).value);
    const args = ['--expose-gc', support('orchestrate.ts'), endpoint, memories, range(batches, 1, 1)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    for await (const chunk of child.stdout) out += chunk;
    const run = JSON.parse(out) as Run;
    server.stdin.write('counts\n');
    const counts = JSON.parse(String((await lines.next()).value)) as Counts;
    return { counts, run };
  } finally {
    server.stdin.end();
  }
}

let missed = false;
for (const [sizes, batches] of SHAPES) {
  if (sizes * batches > MOST_CELLS) continue;
  const { counts, run } = await bench(sizes, batches);
  if (run.error !== null) throw new Error(run.error);
  const ideal = (counts.calls * SERVICE_MS) / CAP + counts.longestMs;
  const ratio = run.wallMs / ideal;
  const beyond = run.grown === null ? 0 : run.grown - run.resultBytes;
  const largest = run.cells === 10_000;
  missed ||= largest && (ratio > TO_REACH || beyond > MOST_BYTES || run.measured !== run.cells);
  console.log(
    `orchestration: ${run.cells} cells, ${run.measured} measured, ${counts.calls} calls of ${SERVICE_MS} ms (${counts.refused} refused, ${counts.highest} at once): ` +
      `${(run.wallMs / 1000).toFixed(1)} s, ${ratio.toFixed(3)} × the bound${largest ? ` (to reach: ${TO_REACH})` : ''}`,
  );
  console.log(
    `orchestration: ${run.cells} cells: a result ${Math.round(run.resultBytes)} bytes, beyond it ${Math.round(beyond)} bytes a cell` +
      `${largest ? ` (to reach: ${MOST_BYTES})` : ''}; ${Math.round(run.rss / 1e6)} MB resident at most`,
  );
}
if (missed) process.exitCode = 1;
