// What the runtimes' images weigh against the sum of what pip installs: npm run bench -- images [RUNTIME ...]. Builds them
// on the tests' stand-in for AWS's base image. Prints files laid upon the base against the packages' own lists.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureParts, partsEnvironment } from '../scripts/parts.mjs';
import { RUNTIME_NAMES } from '../src/types/config.ts';
import { root } from './support/local.ts';

const MB = 2 ** 20;
const asked = process.argv.slice(2);
const runtimes = RUNTIME_NAMES.filter((one) => asked.length === 0 || asked.includes(one));
if (!ensureParts(['images', 'base-image'])) throw new Error('buildah could not be installed');

for (const runtime of runtimes) {
  for (const target of ['serve', 'convert']) {
    const args = [join(root, 'test', 'real', 'images', 'sizes.py'), runtime, target];
    const env = { ...process.env, ...partsEnvironment() };
    const out = execFileSync('python3', args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
    const { layers, files, installed } = JSON.parse(out.trim().split('\n').at(-1) ?? '') as {
      readonly layers: readonly number[];
      readonly files: number;
      readonly installed: number;
    };
    const gzipped = layers.slice(1).reduce((sum, one) => sum + one, 0);
    console.log(
      `images: ${runtime}, ${target}: ${(files / MB).toFixed(0)} MB of files upon the base (${(gzipped / MB).toFixed(0)} MB gzipped), pip installs ${(installed / MB).toFixed(0)} MB, ${(files / installed).toFixed(2)} x`,
    );
  }
}
