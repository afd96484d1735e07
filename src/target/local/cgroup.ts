import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive } from './alive.ts';
import { type GroupFiles, groupFiles } from './cgroup-files.ts';

/** As short as Lambda's are reported to be. */
const PERIOD_US = 20_000;
const MIN_QUOTA_US = 1000;

/** A group of processes with a CPU quota of its own. */
export interface CpuGroup {
  readonly path: string;
  attach(pid: number): Promise<void>;
  remove(): Promise<void>;
}

export interface CpuShare {
  /** `cgroup v1`, `cgroup v2`. */
  readonly name: string;
  create(cpus: number): Promise<CpuGroup>;
}

export type CpuShareProbe =
  | { readonly ok: true; readonly share: CpuShare }
  | { readonly ok: false; readonly remedy: string };

export interface CpuShareOptions {
  /** Where the groups are mounted; `/sys/fs/cgroup` unless a test says otherwise. */
  readonly root?: string;
  readonly uid?: number;
  /** PATH on which `sudo` is looked for. */
  readonly path?: string;
}

const REMEDY =
  'Run as root, or where `sudo -n true` works (as on GitHub-hosted runners), or choose memory that is whole vCPUs.';

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A v2 group at the top leaves every group above the process: that must not lift a limit of memory. */
function hasMemoryLimit(root: string): boolean {
  let group = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '/';
  for (; group !== '/' && group !== ''; group = group.slice(0, group.lastIndexOf('/'))) {
    const file = join(root, group, 'memory.max');
    if (existsSync(file) && readFileSync(file, 'utf8').trim() !== 'max') return true;
  }
  return false;
}

class GroupMaker implements CpuShare {
  readonly name: string;
  readonly #parent: string;
  readonly #files: GroupFiles;
  readonly #v2: boolean;
  static #count = 0;

  constructor(parent: string, v2: boolean, files: GroupFiles) {
    this.name = v2 ? 'cgroup v2' : 'cgroup v1';
    this.#parent = parent;
    this.#files = files;
    this.#v2 = v2;
  }

  async create(cpus: number): Promise<CpuGroup> {
    const files = this.#files;
    GroupMaker.#count += 1;
    const path = join(this.#parent, `ayci-${process.pid}-${GroupMaker.#count}`);
    const quota = Math.max(MIN_QUOTA_US, Math.round(cpus * PERIOD_US));
    const remove = (): Promise<void> => this.#remove(path);
    await files.mkdir(path);
    try {
      if (this.#v2) {
        await files.write(join(path, 'cpu.max'), `${quota} ${PERIOD_US}`);
      } else {
        await files.write(join(path, 'cpu.cfs_period_us'), String(PERIOD_US));
        await files.write(join(path, 'cpu.cfs_quota_us'), String(quota));
      }
      const [read] = readFileSync(join(path, this.#v2 ? 'cpu.max' : 'cpu.cfs_quota_us'), 'utf8').split(/\s/);
      if (read !== String(quota)) throw new Error(`${path}: the quota reads back as ${read}, expected ${quota}`);
    } catch (error) {
      await remove();
      throw error;
    }
    return { path, attach: (pid) => files.write(join(path, 'cgroup.procs'), String(pid)), remove };
  }

  /** What is left of AYCI processes that were killed. */
  async sweep(): Promise<void> {
    for (const name of readdirSync(this.#parent)) {
      const pid = /^ayci-(\d+)-\d+$/.exec(name)?.[1];
      if (pid !== undefined && !isAlive(Number(pid))) await this.#files.rmdir(join(this.#parent, name)).catch(() => {});
    }
  }

  /** The kernel lets go of a dead process a little after its exit is seen. */
  async #remove(path: string): Promise<void> {
    for (let tries = 0; existsSync(path); tries += 1) {
      try {
        await this.#files.rmdir(path);
      } catch (error) {
        if (tries === 100) throw error;
        await delay(10);
      }
    }
  }
}

async function open(options: CpuShareOptions): Promise<CpuShare> {
  const root = options.root ?? '/sys/fs/cgroup';
  const files = await groupFiles(options.uid ?? process.getuid?.() ?? -1, options.path ?? process.env.PATH ?? '');
  const controllers = join(root, 'cgroup.controllers');
  const v2 = existsSync(controllers) && readFileSync(controllers, 'utf8').split(/\s/).includes('cpu');
  const parent = v2 ? root : join(root, 'cpu');
  if (!v2 && !existsSync(join(parent, 'cgroup.procs'))) throw new Error(`${root}: no cpu controller is mounted there`);
  if (v2) {
    if (hasMemoryLimit(root)) throw new Error('this process has a memory limit that a CPU group would lift');
    const subtree = join(root, 'cgroup.subtree_control');
    if (!readFileSync(subtree, 'utf8').split(/\s/).includes('cpu')) await files.write(subtree, '+cpu');
  }
  const maker = new GroupMaker(parent, v2, files);
  await maker.sweep();
  await (await maker.create(0.5)).remove();
  return maker;
}

/** Finds out, by making one, whether processes can be given a share of a CPU here. */
export async function probeCpuShare(options: CpuShareOptions = {}): Promise<CpuShareProbe> {
  try {
    return { ok: true, share: await open(options) };
  } catch (error) {
    return { ok: false, remedy: `No share of a vCPU can be enforced here (${messageOf(error)}). ${REMEDY}` };
  }
}
