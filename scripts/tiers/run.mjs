// Programs of the tiers, from the root of the clone.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { scratch } from './tally.mjs';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs one program to its end, its output as it comes; whether it ended well. */
export function run(name, program, args) {
  console.log(`\n== ${name}`);
  return spawnSync(program, args, { cwd: root, stdio: 'inherit' }).status === 0;
}

/** The same beside others: its output is printed in one piece when it ends. */
export async function runBeside(name, program, args, env) {
  const path = join(scratch, `${name}.log`);
  const log = openSync(path, 'w');
  const begin = performance.now();
  const started = spawn(program, args, { cwd: root, stdio: ['ignore', log, log], env: { ...process.env, ...env } });
  const status = await new Promise((ended) => {
    started.on('error', (error) => ended(error.message));
    started.on('close', ended);
  });
  closeSync(log);
  console.log(`\n== ${name} (${Math.round((performance.now() - begin) / 1000)} s)`);
  process.stdout.write(readFileSync(path, 'utf8'));
  if (typeof status === 'string') console.error(status);
  return status === 0;
}

/** Does each of `tasks`, `width` at once, in their order. */
export async function together(width, tasks) {
  const left = [...tasks];
  const work = async () => {
    for (let task = left.shift(); task !== undefined; task = left.shift()) await task();
  };
  await Promise.all(Array.from({ length: width }, work));
}
