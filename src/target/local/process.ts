import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FunctionSpec } from './function.ts';

/** Helpers of util-linux by their full paths; null where the host has none. */
export interface Tools {
  readonly setpriv: string | null;
  readonly prlimit: string | null;
}

/** The first executable called `name` on `path`, or null. */
export function findExecutable(name: string, path: string): string | null {
  for (const folder of path.split(':')) {
    if (!folder.startsWith('/')) continue;
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not here: the next folder.
    }
  }
  return null;
}

export function findTools(path: string): Tools {
  return { setpriv: findExecutable('setpriv', path), prlimit: findExecutable('prlimit', path) };
}

/**
 * The whole environment of a sandbox. A model is code of whoever wrote it: what the host's environment holds
 * (tokens, credentials) must not be in reach.
 */
function environmentOf(spec: FunctionSpec, api: string, home: string): Record<string, string> {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'C.UTF-8',
    HOME: home,
    TMPDIR: home,
    XDG_CACHE_HOME: home,
    TORCH_HOME: home,
    PYTHONPATH: spec.pythonPath,
    PYTHONDONTWRITEBYTECODE: '1',
    LAMBDA_TASK_ROOT: spec.folder,
    AWS_LAMBDA_RUNTIME_API: api,
    AWS_LAMBDA_FUNCTION_NAME: spec.name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMb),
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_REGION: spec.region,
  };
}

/** Starts a runtime; `setpriv` and `prlimit` turn into it by exec, so the child's id is the runtime's. */
export function startRuntime(spec: FunctionSpec, tools: Tools, api: string, home: string): ChildProcess {
  const command: string[] = [];
  // Only data: an address-space limit would count what is mapped and never touched.
  if (spec.capMb !== null && tools.prlimit !== null) command.push(tools.prlimit, `--data=${spec.capMb * 1024 * 1024}`);
  if (tools.setpriv !== null) command.push(tools.setpriv, '--pdeathsig', 'KILL');
  command.push(spec.python, '-m', 'awslambdaric', spec.handler);
  const [program = spec.python, ...rest] = command;
  return spawn(program, rest, {
    cwd: spec.folder,
    env: environmentOf(spec, api, home),
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: its children end with it, and the terminal's Ctrl-C is handled by AYCI alone.
    detached: true,
  });
}

/** Peak resident memory of a process, MB; 0 where it is gone. */
export function peakMemoryMb(pid: number): number {
  try {
    const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return match === null ? 0 : Math.ceil(Number(match[1]) / 1024);
  } catch {
    return 0;
  }
}

/** Ends a process and all of its group. */
export function killGroup(pid: number): void {
  for (const id of [-pid, pid]) {
    try {
      process.kill(id, 'SIGKILL');
    } catch {
      // Gone already.
    }
  }
}
