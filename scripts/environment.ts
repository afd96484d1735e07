// Makes the environment of a runtime as AYCI itself does, and prints its Python: node scripts/environment.ts pytorch-convert
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeEnvironment } from '../src/target/local/environment.ts';
import { cacheFolder } from '../src/wiring/outside.ts';

const [name = ''] = process.argv.slice(2);
const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
const made = await makeEnvironment(
  {
    cacheDir: cacheFolder(process.env),
    runtimesDir: join(fileURLToPath(new URL('..', import.meta.url)), 'runtimes'),
    python: process.env.AYCI_PYTHON ?? null,
    own: null,
    path: process.env.PATH ?? '',
    env: Object.fromEntries(Object.entries(process.env).map(([key, value]) => [key, value ?? ''])),
  },
  name,
  { info: say, warn: say, debug: () => undefined, progress: say },
  new AbortController().signal,
);
process.stdout.write(`${made.python}\n`);
