// pytest over the runtimes: the loop that all of them share, their images, and each framework in its own environment.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { frameworkNames, pytestOf } from '../frameworks.mjs';
import { ensurePip } from '../parts/pip.mjs';
import { partsEnvironment } from '../parts.mjs';
import { root, runBeside, together } from './run.mjs';
import { count, countTests, scratch } from './tally.mjs';

const PYTEST = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider'];

const LOCKS = ['runtimes/onnx/requirements.txt', 'runtimes/test-requirements.txt'];

/** The Python of the runtime with its test tools, kept outside the clone; null where it cannot be made. */
export function pythonWithTests() {
  try {
    return ensurePip(
      'python',
      LOCKS.map((lock) => join(root, lock)),
    );
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return null;
  }
}

async function pytest(name, python, args, env) {
  const out = join(scratch, `${name}.xml`);
  const ok = await runBeside(`real (python: ${name})`, python, [...args, `--junitxml=${out}`], {
    ...partsEnvironment(),
    PYTHONDONTWRITEBYTECODE: '1',
    ...env,
  });
  const suite = existsSync(out) ? /<testsuite [^>]*>/.exec(readFileSync(out, 'utf8'))?.[0] : undefined;
  if (suite === undefined) return count(false);
  const figure = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const [failed, skipped] = [figure('failures') + figure('errors'), figure('skipped')];
  countTests({ passed: figure('tests') - failed - skipped, failed, skipped }, ok);
}

/** One runtime's environment, made once, and its tests. What cannot be installed fails the tier. */
async function framework(name) {
  if (!existsSync(join(root, 'test/frameworks', name))) return count(false);
  let how;
  try {
    how = pytestOf(name);
  } catch (error) {
    console.error(`the environment ${name} could not be made: ${error instanceof Error ? error.message : error}`);
    return count(false);
  }
  await pytest(name, how.python, how.args, how.env);
}

/**
 * All of them. The loop's tests are alone, as they look at times and memory; of the others, which ask for answers, two run
 * at once, the longest (images, TVM's converter) first.
 */
export async function pythonTests(python) {
  await pytest('runtime', python, [...PYTEST, 'test/real/runtime']);
  const images = () => pytest('images', python, [...PYTEST, 'test/real/images']);
  const frameworks = frameworkNames().reverse();
  await together(2, [images, ...frameworks.map((name) => () => framework(name))]);
}
