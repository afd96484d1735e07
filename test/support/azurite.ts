import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder } from './folder.ts';

/** Azurite's one account; its key is published, so it protects nothing. */
const ACCOUNT = 'devstoreaccount1';
const KEY = Buffer.from(
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
  'base64',
);
const VERSION = '2018-11-09';

/** Azure's blob storage on 127.0.0.1, with one container. */
export interface Azurite extends AsyncDisposable {
  /** A URL that reads (`r`) or creates and writes (`cw`) one blob for an hour, as GitHub's services hand them out. */
  sign(blob: string, permissions: 'r' | 'cw'): string;
}

function stamp(minutes: number): string {
  return `${new Date(Date.now() + minutes * 60_000).toISOString().slice(0, 19)}Z`;
}

function signature(lines: readonly string[]): string {
  return createHmac('sha256', KEY).update(lines.join('\n')).digest('base64');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function makeContainer(origin: string, container: string): Promise<boolean> {
  const [start, end] = [stamp(-15), stamp(60)];
  const sas = new URLSearchParams({ sv: VERSION, ss: 'b', srt: 'co', sp: 'rwc', st: start, se: end });
  sas.set('sig', signature([ACCOUNT, 'rwc', 'b', 'co', start, end, '', '', VERSION, '']));
  const answer = await fetch(`${origin}/${ACCOUNT}/${container}?restype=container&${sas}`, { method: 'PUT' });
  const said = await answer.text();
  if (!answer.ok) throw new Error(`azurite: no container: ${answer.status} ${said}`);
  return true;
}

/** Starts it with a folder of its own. It ends with this process. */
export async function startAzurite(): Promise<Azurite> {
  const installed = process.env.AYCI_TEST_AZURITE;
  if (installed === undefined) throw new Error('AYCI_TEST_AZURITE is not set: node scripts/parts.mjs azurite');
  const folder = await temporaryFolder();
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const program = join(installed, 'node_modules', 'azurite', 'dist', 'src', 'blob', 'main.js');
  const options = ['--blobHost', '127.0.0.1', '--blobPort', String(port), '--location', folder.path];
  const flags = ['--silent', '--disableTelemetry', '--skipApiVersionCheck'];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, program, ...options, ...flags], {
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const container = 'actions-results';
  for (;;) {
    if (child.exitCode !== null) throw new Error(`azurite ended with ${child.exitCode}`);
    const up = await fetch(origin).then(
      (answer) => answer.arrayBuffer().then(() => true),
      () => false,
    );
    if (up && (await makeContainer(origin, container))) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    sign(blob, permissions) {
      const [start, end] = [stamp(-15), stamp(60)];
      const resource = `/blob/${ACCOUNT}/${container}/${blob}`;
      const sas = new URLSearchParams({ sv: VERSION, sr: 'b', sp: permissions, st: start, se: end });
      const unused = { before: ['', '', ''], after: ['', '', '', '', ''] };
      const lines = [permissions, start, end, resource, ...unused.before, VERSION, 'b', '', ...unused.after];
      sas.set('sig', signature(lines));
      return `${origin}/${ACCOUNT}/${container}/${encodeURIComponent(blob)}?${sas}`;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
      await folder[Symbol.asyncDispose]();
    },
  };
}
