// Runs a program of an installation to its end; fails with all that it said, so that the cause is seen.
import { spawnSync } from 'node:child_process';

/** @throws Error that names the command and ends with its output. */
export function mustRun(program, args, env = {}) {
  const done = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, ...env }, maxBuffer: 64 << 20 });
  if (done.status === 0) return done.stdout;
  const why = done.error?.message ?? (done.signal === null ? `exit code ${done.status}` : `signal ${done.signal}`);
  const said = `${done.stdout ?? ''}${done.stderr ?? ''}`.trim().split('\n').slice(-25).join('\n');
  throw new Error(`${[program, ...args].join(' ')}: ${why}\n${said}`);
}
