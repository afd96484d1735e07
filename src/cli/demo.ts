import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { squeezenet } from '../demo/squeezenet.ts';
import { AyciError } from '../errors.ts';
import type { RawInputs } from '../inputs/table.ts';
import { cacheFolder } from '../wiring/index.ts';
import type { CommandContext } from './context.ts';
import { runCommand } from './run.ts';

/** Convolutions that the slower version has more; three of them are about 40 % more work. */
const EXTRA = 3;

async function models(folder: string): Promise<{ readonly before: string; readonly after: string }> {
  const paths = { before: join(folder, 'squeezenet-v1.onnx'), after: join(folder, 'squeezenet-v2.onnx') };
  try {
    await mkdir(folder, { recursive: true });
    for (const [path, extra] of [
      [paths.before, 0],
      [paths.after, EXTRA],
    ] as const) {
      const bytes = squeezenet(extra);
      const there = await stat(path).catch(() => null);
      if (there?.size !== bytes.length) await writeFile(path, bytes);
    }
  } catch (cause) {
    throw new AyciError('environment', `cache folder ${JSON.stringify(folder)} cannot be written`, {
      hint: 'Set XDG_CACHE_HOME to a folder that can be.',
      cause,
    });
  }
  return paths;
}

const MATRIX: RawInputs = { optimizer: 'vanilla,onnx', memory: '885,1769', batch: '1,2', 'fail-on': 'never' };

/** `ayci demo`: the main job on the built-in models; always exit 0 where it could measure. */
export async function demoCommand(context: CommandContext): Promise<number> {
  const { before, after } = await models(join(cacheFolder(context.env), 'demo'));
  context.logger.info(
    'Demo: SqueezeNet 1.1 (4.9 MB, seeded weights) as the baseline, and a second version with more convolutions.',
  );
  const { report, exit } = await runCommand(context, {
    ...MATRIX,
    model: after,
    baseline: before,
    ...context.args.raw,
  });
  const reused = report.run.reused > 0 ? `${report.run.reused} cells were reused from the archive; ` : '';
  if (!context.args.flags.has('json'))
    context.print(
      `   (demo: ${reused}exit ${exit}; \`ayci run\` would exit ${report.verdict === 'regressed' ? 1 : exit})\n`,
    );
  return exit;
}
