// Asks deployed functions what they are: node scripts/smoke-test.mjs FUNCTION ... Ends with 1 where one answers wrongly.
// For deploy-runtimes.yml: needs the AWS CLI and its credentials, and nothing that is installed.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const AT_ONCE = 4;
const run = promisify(execFile);
const runtimes = fileURLToPath(new URL('../runtimes/', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'ayci-smoke-'));

/** What is wrong with the answer, or null. Its versions must be those that the image was to be built with. */
function fault(answer, nonce, runtime) {
  if (answer?.protocol !== 1 || answer.op !== 'describe') return 'it is no answer of protocol 1';
  if (answer.nonce !== nonce) return 'it answers another request';
  const { python, ...packages } = answer.environment?.versions ?? {};
  if (typeof python !== 'string' || Object.keys(packages).length === 0) return 'it names no versions';
  const locked = readFileSync(join(runtimes, runtime, 'requirements.txt'), 'utf8').split('\n');
  for (const [name, version] of Object.entries(packages)) {
    if (locked.some((line) => line.startsWith(`${name}==${version} `))) continue;
    return `it runs ${name} ${version}, which is not the version in runtimes/${runtime}/requirements.txt`;
  }
  return null;
}

async function ask(name, index) {
  const runtime = /^ayci-([a-z0-9]+)-/.exec(name)?.[1];
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
    return fault(JSON.parse(text), nonce, runtime);
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
