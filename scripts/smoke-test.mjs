// Asks deployed functions what they are: node scripts/smoke-test.mjs FUNCTION ... Ends with 1 where one answers wrongly.
// For deploy-runtimes.yml: needs the AWS CLI and its credentials, and nothing that is installed. OWN_FILE: the user's own
// versions, which take the place of the lock's.
import { execFile, execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const AT_ONCE = 4;
const run = promisify(execFile);
const root = fileURLToPath(new URL('../', import.meta.url));
// Packages of libraries that call themselves otherwise.
const PACKAGES = { tvm: ['apache-tvm'], tensorflow: ['tensorflow', 'tensorflow-cpu'] };
const scratch = mkdtempSync(join(tmpdir(), 'ayci-smoke-'));

/** The lock that a function's image was to be built with, as a path below the repository. */
function lockOf(runtime, converts) {
  const own = `runtimes/${runtime}/convert-requirements.txt`;
  return converts && existsSync(join(root, own)) ? own : `runtimes/${runtime}/requirements.txt`;
}

/** What is pinned for an image: its lock, with the user's own versions in the place of the lock's. */
function pinned(runtime, lock, architecture) {
  const own = process.env.OWN_FILE;
  if (!own) return readFileSync(join(root, lock), 'utf8');
  const merge = [join(root, 'runtimes/own_requirements'), 'merge', runtime, join(root, lock), own, architecture];
  return execFileSync('python3', merge, { encoding: 'utf8' });
}

/** What is wrong with the answer, or null. Its versions must be those that are pinned. */
function fault(answer, nonce, lock, pins) {
  if (answer?.protocol !== 1 || answer.op !== 'describe') return 'it is no answer of protocol 1';
  if (answer.nonce !== nonce) return 'it answers another request';
  // LLVM is within TVM's package.
  const { python, llvm: _, ...libraries } = answer.environment?.versions ?? {};
  if (typeof python !== 'string' || Object.keys(libraries).length === 0) return 'it names no versions';
  const locked = pins.split('\n');
  for (const [name, version] of Object.entries(libraries)) {
    const packages = PACKAGES[name] ?? [name];
    if (packages.some((one) => locked.some((line) => line.startsWith(`${one}==${version} `)))) continue;
    const files = [lock, process.env.OWN_FILE].filter(Boolean).join(' and ');
    return `it runs ${name} ${version}, which is not the version in ${files}`;
  }
  return null;
}

async function ask(name, index) {
  const [, runtime, converts, architecture] = /^ayci-([a-z0-9]+)-(convert-)?(x86_64|arm64)/.exec(name) ?? [];
  if (runtime === undefined) return 'it is not called ayci-RUNTIME-...';
  const nonce = randomUUID();
  const [request, response] = ['request', 'response'].map((kind) => join(scratch, `${index}-${kind}.json`));
  writeFileSync(
    request,
    JSON.stringify({ protocol: 1, op: 'describe', nonce, framework: runtime, optimizer: 'vanilla' }),
  );
  try {
    const args = ['lambda', 'invoke', '--function-name', name, '--payload', `fileb://${request}`, '--output', 'json'];
    const { stdout } = await run('aws', [...args, '--cli-read-timeout', '120', response]);
    const text = readFileSync(response, 'utf8');
    if (JSON.parse(stdout).FunctionError !== undefined) return `it failed: ${text.slice(0, 500)}`;
    const lock = lockOf(runtime, converts !== undefined);
    return fault(JSON.parse(text), nonce, lock, pinned(runtime, lock, architecture));
  } catch (error) {
    return String(error.stderr || error.message)
      .trim()
      .slice(0, 500);
  }
}

const names = process.argv.slice(2);
if (names.length === 0) console.error('no function is named: is the stack empty?');
let wrong = names.length === 0 ? 1 : 0;
const queue = names.entries();
async function worker() {
  for (const [index, name] of queue) {
    const found = await ask(name, index);
    if (found !== null) wrong += 1;
    // A message may hold what a function printed; a line break in it could be read as a command of the workflow.
    console.log(`${found === null ? 'ok    ' : 'WRONG '} ${name}${found === null ? '' : `: ${JSON.stringify(found)}`}`);
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, worker));
rmSync(scratch, { recursive: true, force: true });
process.exitCode = wrong > 0 ? 1 : 0;
