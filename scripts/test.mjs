// All tiers, or those named: node scripts/test.mjs [check] [unit] [flow] [bundle] [real]. Ends with one line of counts.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { frameworkNames, pytestOf } from './frameworks.mjs';
import { ensureParts, partsEnvironment } from './parts.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const TIERS = ['check', 'unit', 'flow', 'bundle', 'real'];
const asked = process.argv.slice(2);
const unknown = asked.filter((tier) => !TIERS.includes(tier));
if (unknown.length > 0) {
  console.error(`no tier is called ${unknown.join(', ')}; expected ${TIERS.join(', ')}`);
  process.exit(2);
}
const tiers = asked.length > 0 ? asked : TIERS;
const total = { passed: 0, failed: 0, skipped: 0 };
const scratch = mkdtempSync(join(tmpdir(), 'ayci-test-'));

function run(name, program, args, env = {}) {
  console.log(`\n== ${name}`);
  const done = spawnSync(program, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  return done.status === 0;
}

function count(ok) {
  total[ok ? 'passed' : 'failed'] += 1;
}

function vitest(tier) {
  const out = join(scratch, `${tier}.json`);
  const args = [
    'node_modules/vitest/vitest.mjs',
    'run',
    `test/${tier}`,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${out}`,
  ];
  const ok = run(tier, process.execPath, args);
  if (!existsSync(out)) return count(false);
  const result = JSON.parse(readFileSync(out, 'utf8'));
  total.passed += result.numPassedTests;
  total.failed += result.numFailedTests + (ok || result.numFailedTests > 0 ? 0 : 1);
  total.skipped += result.numPendingTests + result.numTodoTests;
  if (result.numPassedTests === 0) count(false);
}

/** The Python of the runtime with its test tools, kept outside the clone. */
function pythonWithTests() {
  const locks = ['runtimes/onnx/requirements.txt', 'runtimes/test-requirements.txt'];
  const digest = createHash('sha256');
  for (const lock of locks) digest.update(readFileSync(join(root, lock)));
  const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const folder = join(base, 'ayci-test', `python-${digest.digest('hex').slice(0, 12)}`);
  const python = join(folder, 'bin', 'python');
  if (existsSync(join(folder, 'made'))) return python;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--require-hashes',
    '--no-deps',
    '--only-binary',
    ':all:',
  ];
  const ok =
    run('python environment', 'python3', ['-m', 'venv', folder]) &&
    run('python packages', python, [...pip, ...locks.flatMap((lock) => ['-r', lock])]);
  if (!ok) return null;
  writeFileSync(join(folder, 'made'), '');
  return python;
}

function pytest(name, python, args, env) {
  const out = join(scratch, `${name}.xml`);
  const ok = run(`real (python: ${name})`, python, [...args, `--junitxml=${out}`], {
    ...partsEnvironment(),
    PYTHONDONTWRITEBYTECODE: '1',
    ...env,
  });
  const suite = existsSync(out) ? /<testsuite [^>]*>/.exec(readFileSync(out, 'utf8'))?.[0] : undefined;
  if (suite === undefined) return count(false);
  const figure = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const failed = figure('failures') + figure('errors');
  total.passed += figure('tests') - failed - figure('skipped');
  total.failed += failed + (ok || failed > 0 ? 0 : 1);
  total.skipped += figure('skipped');
}

/** One runtime's environment, made once, and its tests. What cannot be installed fails the tier. */
function framework(name) {
  if (!existsSync(join(root, 'test/frameworks', name))) return count(false);
  try {
    const { python, args, env } = pytestOf(name);
    pytest(name, python, args, env);
  } catch (error) {
    console.error(`the environment ${name} could not be made: ${error instanceof Error ? error.message : error}`);
    count(false);
  }
}

for (const tier of tiers) {
  if (tier === 'check') {
    count(
      run('lint', process.execPath, ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.']),
    );
    count(run('types', process.execPath, ['node_modules/typescript/bin/tsc', '--noEmit']));
    count(run('generated files', process.execPath, ['scripts/generate.mjs', '--check']));
    continue;
  }
  if (tier === 'unit' && !ensureParts(['git-lfs'])) {
    console.error('git-lfs could not be installed');
    count(false);
    continue;
  }
  if (tier === 'real') {
    console.log('\n== parts');
    if (!ensureParts()) {
      console.error('the parts of the real tier could not be installed');
      count(false);
      continue;
    }
    const python = pythonWithTests();
    if (python === null) {
      console.error('the environment of the real tier could not be made');
      count(false);
      continue;
    }
    process.env.AYCI_TEST_PYTHON = python;
    pytest('runtime', python, ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', 'test/real']);
    for (const name of frameworkNames()) framework(name);
  }
  vitest(tier);
}
rmSync(scratch, { recursive: true, force: true });
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;
