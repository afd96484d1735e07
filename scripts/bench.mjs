// npm run bench -- NAME [ARGUMENTS]: one of bench/*.ts.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../bench', import.meta.url));
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.slice(0, -3));
const [name = '', ...rest] = process.argv.slice(2);
if (!names.includes(name)) {
  console.error(`no benchmark is called ${JSON.stringify(name)}; expected ${names.join(', ')}`);
  process.exit(2);
}
process.exitCode = spawnSync(process.execPath, [join(folder, `${name}.ts`), ...rest], { stdio: 'inherit' }).status ?? 1;
