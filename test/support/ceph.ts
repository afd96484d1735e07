import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** What a test needs of a running Ceph; plain data, so that it travels between processes. */
export interface CephFacts {
  /** S3, STS and IAM at one address. */
  readonly endpoint: string;
  readonly region: string;
  /** Of the account's owner, who may do everything. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** For `radosgw-admin --conf`. */
  readonly conf: string;
}

/** The region that Ceph is asked with; it answers to any. */
export const CEPH_REGION = 'us-east-1';

/** What Ceph calls a tenant stands where AWS has the account: in ARNs of roles and providers. */
export const CEPH_ACCOUNT = '123456789012';

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/**
 * No keys between the daemons, which hear this machine alone; without `crc` the gateway cannot connect so. Sessions may
 * be seconds long (AWS: 15 minutes at least), so that a test sees one end.
 */
function configuration(folder: string, fsid: string, monitor: number, gateway: number): string {
  return `[global]
fsid = ${fsid}
mon_host = [v2:127.0.0.1:${monitor}/0]
mon_initial_members = a
public_addr = 127.0.0.1
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
ms_mon_client_mode = crc
run_dir = ${folder}
admin_socket =
log_file = ${folder}/$name.log
log_to_stderr = false
mon_cluster_log_file = ${folder}/cluster.log
crash_dir = ${folder}
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
# By default it refuses to start where 5 % of a disk or less are free; nothing here grows that much.
mon_data_avail_crit = -1
mon_data_avail_warn = 0
mon_max_pg_per_osd = 1000
mon_data = ${folder}/mon
osd_data = ${folder}/osd
osd_objectstore = memstore
memstore_device_bytes = 8589934592
paxos_propose_interval = 0.05
rgw_frontends = beast endpoint=127.0.0.1:${gateway}
rgw_data = ${folder}/rgw
rgw_s3_auth_use_sts = true
rgw_sts_min_session_duration = 1
rgw_sts_key = ${randomBytes(8).toString('hex')}
`;
}

/** A daemon in the foreground, which dies with this process however this process dies. */
class Daemon implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #log: string;
  readonly #ended: Promise<void>;
  #alive = true;

  constructor(program: string, args: readonly string[], log: string) {
    this.#log = log;
    const sink = createWriteStream(log, { flags: 'a' });
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', program, '-f', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.pipe(sink, { end: false });
    this.#child.stderr?.pipe(sink, { end: false });
    this.#ended = new Promise((resolve) => {
      const end = (): void => {
        this.#alive = false;
        sink.end();
        resolve();
      };
      this.#child.once('error', end);
      this.#child.once('close', end);
    });
  }

  /** @throws Error with the log's end where the daemon is not there any more. */
  async mustLive(): Promise<void> {
    if (this.#alive) return;
    const log = await readFile(this.#log, 'utf8').catch(() => '');
    throw new Error(`${this.#child.spawnargs.join(' ')} ended with ${this.#child.exitCode}:\n${log.slice(-3000)}`);
  }

  // Nothing in it is to be kept, so nothing is gained by a shutdown in order.
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#alive) this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

async function until(what: string, daemons: readonly Daemon[], probe: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (Date.now() < end) {
    for (const daemon of daemons) await daemon.mustLive();
    if (await probe().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`ceph: ${what} did not answer within 60 s`);
}

const FOLDER = 'ayci-ceph-';

/** Removes what processes that were killed have left. */
async function sweep(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = name.startsWith(FOLDER) ? /^\d+/.exec(name.slice(FOLDER.length))?.[0] : undefined;
    if (owner === undefined) continue;
    try {
      process.kill(Number(owner), 0);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH')
        await rm(join(tmpdir(), name), { recursive: true, force: true });
    }
  }
}

async function mustBeInstalled(): Promise<void> {
  for (const program of ['ceph-mon', 'ceph-osd', 'radosgw', 'radosgw-admin']) {
    await execute(program, ['--version']).catch((cause: Error) => {
      throw new Error(`${program} does not run: \`node scripts/parts.mjs ceph\` installs it`, { cause });
    });
  }
}

/**
 * A Ceph of one monitor, one object store in memory and one gateway, with S3, STS and IAM on 127.0.0.1.
 * Takes two seconds or more: tests share one by `sharedCeph` of `ceph-shared.ts`.
 *
 * @throws Error where it is not installed or does not come up, with the log's end.
 */
export async function startCeph(): Promise<CephFacts & AsyncDisposable> {
  await mustBeInstalled();
  await using stack = new AsyncDisposableStack();
  await sweep();
  const folder = await mkdtemp(join(tmpdir(), `${FOLDER}${process.pid}-`));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const [monitor = 0, gateway = 0] = await freePorts(2);
  const fsid = randomUUID();
  const conf = join(folder, 'ceph.conf');
  await writeFile(conf, configuration(folder, fsid, monitor, gateway));
  for (const name of ['mon', 'osd', 'rgw']) await mkdir(join(folder, name));
  const call = (program: string, ...args: string[]) => execute(program, ['--conf', conf, ...args]);
  const daemon = (program: string, ...args: string[]): Daemon =>
    stack.use(new Daemon(program, ['--conf', conf, ...args], join(folder, `${program}.out`)));

  const map = join(folder, 'monmap');
  await execute('monmaptool', ['--create', '--fsid', fsid, '--addv', 'a', `[v2:127.0.0.1:${monitor}]`, map]);
  await call('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map);
  const mon = daemon('ceph-mon', '-i', 'a');
  const ceph = (...args: string[]) => call('ceph', '--connect-timeout', '5', ...args);
  await until('the monitor', [mon], async () => (await ceph('mon', 'stat')).stdout.includes('quorum'));

  const id = randomUUID();
  await ceph('osd', 'new', id);
  await call('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', id);
  const osd = daemon('ceph-osd', '-i', '0');
  await until('the object store', [mon, osd], async () => / 1 up/.test((await ceph('osd', 'stat')).stdout));

  const [accessKeyId, secretAccessKey] = [`AK${randomBytes(9).toString('hex')}`, randomBytes(20).toString('hex')];
  const user = [
    '--tenant',
    CEPH_ACCOUNT,
    '--uid',
    'owner',
    '--display-name',
    'owner',
    '--caps',
    'roles=*;user-policy=*;oidc-provider=*',
  ];
  const keys = ['--access-key', accessKeyId, '--secret', secretAccessKey];
  await call('radosgw-admin', 'user', 'create', ...user, ...keys);
  const rgw = daemon('radosgw', '-n', 'client.admin');
  const endpoint = `http://127.0.0.1:${gateway}`;
  await until('the gateway', [mon, osd, rgw], async () => (await fetch(endpoint)).ok);

  const taken = stack.move();
  return {
    ...{ endpoint, region: CEPH_REGION, accessKeyId, secretAccessKey, conf },
    [Symbol.asyncDispose]: () => taken.disposeAsync(),
  };
}
