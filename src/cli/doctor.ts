import { folderArchive } from '../archive/folder.ts';
import { asAyciError, explain } from '../errors.ts';
import { alignedTable } from '../report/console.ts';
import { visible } from '../report/escape.ts';
import { cacheFolder, localTarget, VERSION } from '../wiring.ts';
import { type CommandContext, outsideOf } from './context.ts';

interface Check {
  readonly what: string;
  readonly state: 'ok' | 'limited' | 'missing';
  readonly detail: string;
}

async function tried(what: string, work: () => Promise<string>): Promise<Check> {
  try {
    return { what, state: 'ok', detail: await work() };
  } catch (thrown) {
    return { what, state: 'missing', detail: explain(asAyciError(thrown)) };
  }
}

/** `ayci doctor`: what a run needs, whether it is here, and how to get it. Makes the environment, writes no report. */
export async function doctorCommand(context: CommandContext): Promise<number> {
  const checks: Check[] = [];
  checks.push({ what: 'node', state: 'ok', detail: `${process.version}, AYCI ${VERSION}` });
  const machine = await tried('machine', async () => {
    const target = await localTarget(outsideOf(context));
    try {
      const { facts } = target;
      checks.push({
        what: 'CPU share',
        state: facts.fractionalCpu ? 'ok' : 'limited',
        detail: facts.fractionalCpu ? facts.limits : (facts.fractionalCpuRemedy ?? facts.limits),
      });
      checks.push(
        await tried('runtime', async () => {
          await target.prepare(['onnx'], context.signal);
          return `${facts.runtimeName('onnx', 'onnx')} in ${cacheFolder(context.env)}`;
        }),
      );
      return `${facts.hardware.join()}, ${facts.maxVcpus} CPUs, ${facts.maxMemoryMb} MB, ${facts.cpu ?? 'unknown CPU'}`;
    } finally {
      await target.close();
    }
  });
  checks.push(machine);
  const folder = context.args.raw.archive ?? '.ayci';
  checks.push(
    await tried('archive', async () => {
      await folderArchive(folder).ready();
      return `${folder} can be written`;
    }),
  );
  context.logger.end();
  const mark = { ok: '✅ ok', limited: '⚠️ limited', missing: '❌ missing' } as const;
  if (context.args.flags.has('json')) context.print(`${JSON.stringify(checks, null, 2)}\n`);
  else
    context.print(
      `${alignedTable(
        ['check', 'state', 'detail'],
        checks.map((check) => [check.what, mark[check.state], visible(check.detail, 400)]),
        new Set(),
      )}\n`,
    );
  return checks.some((check) => check.state === 'missing') ? 3 : 0;
}
