import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';

const MB = 1024 * 1024;

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}

function number(text: string | null | undefined): number | null {
  const value = Number(text);
  return text === null || text === undefined || text === '' || !Number.isFinite(value) ? null : value;
}

/** The folders of a controller's groups that hold this process, from the innermost to the root. */
function ownGroups(controller: string, root: string, membership: string): string[] {
  const lines = (read(membership) ?? '').split('\n').map((line) => line.split(':'));
  const v1 = lines.find((fields) => fields[1]?.split(',').includes(controller));
  const path = (v1 ?? lines.find((fields) => fields[1] === ''))?.slice(2).join(':');
  if (path === undefined) return [];
  const base = v1 === undefined ? root : join(root, controller);
  const parts = path.split('/').filter((part) => part !== '');
  return Array.from({ length: parts.length + 1 }, (_, up) => join(base, ...parts.slice(0, parts.length - up)));
}

function least(values: readonly (number | null)[]): number {
  return Math.min(...values.map((value) => (value === null || value <= 0 ? Number.POSITIVE_INFINITY : value)));
}

/** vCPUs that this process may use: the host's, or fewer under a quota of its own (as in a container). */
export function hostVcpus(root = '/sys/fs/cgroup', membership = '/proc/self/cgroup'): number {
  const quotas = ownGroups('cpu', root, membership).flatMap((group) => {
    const [quota, period] = (read(join(group, 'cpu.max')) ?? '').split(' ');
    const v1 = [number(read(join(group, 'cpu.cfs_quota_us'))), number(read(join(group, 'cpu.cfs_period_us')))] as const;
    return [
      [number(quota), number(period)],
      [v1[0], v1[1]],
    ].map(([limit, per]) => (limit && per ? limit / per : null));
  });
  return Math.min(availableParallelism(), least(quotas));
}

/** MB in all, and MB that a new process can have, by the host or by this process's own group. */
export function hostMemory(root = '/sys/fs/cgroup', membership = '/proc/self/cgroup'): { total: number; free: number } {
  const info = read('/proc/meminfo') ?? '';
  const field = (name: string): number | null => {
    const kilobytes = number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(info)?.[1]);
    return kilobytes === null ? null : (kilobytes * 1024) / MB;
  };
  const limits = ownGroups('memory', root, membership).flatMap((group) => [
    number(read(join(group, 'memory.max'))),
    number(read(join(group, 'memory.limit_in_bytes'))),
  ]);
  const limit = least(limits) / MB;
  const total = Math.floor(Math.min(field('MemTotal') ?? 0, limit));
  return { total, free: Math.floor(Math.min(field('MemAvailable') ?? total, limit)) };
}

/** The CPU's model; arm64 kernels give numbers only. */
export function hostCpu(): string | null {
  const model = cpus()[0]?.model.trim();
  if (model !== undefined && model !== '' && model !== 'unknown') return model;
  const info = read('/proc/cpuinfo') ?? '';
  const part = (name: string): string | undefined => new RegExp(`^CPU ${name}\\s*:\\s*(\\S+)`, 'm').exec(info)?.[1];
  const implementer = part('implementer');
  return implementer === undefined ? null : `CPU implementer ${implementer} part ${part('part') ?? '?'}`;
}
