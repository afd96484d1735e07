import { alignedTable } from '../report/console.ts';
import { visible } from '../report/escape.ts';
import { estimateOf, planLines } from '../report/plan.ts';
import { prepare } from '../stages/prepare.ts';
import { withPorts } from '../wiring/index.ts';
import { type CommandContext, inputsOf, outsideOf } from './context.ts';

/** `ayci plan`: what a run would do. */
export async function planCommand(context: CommandContext): Promise<number> {
  const inputs = inputsOf(context.args.raw);
  return withPorts(inputs, outsideOf(context), async (ports) => {
    const prepared = await prepare(inputs, ports);
    const { plan, same, notes, prices } = prepared;
    const { facts } = ports.target;
    const { candidate, baseline, cells } = plan;
    const all = estimateOf(plan, same, facts, prices);
    if (context.args.flags.has('json')) {
      const rows = cells.map(({ config, threads, impossible, known }) => ({
        config,
        threads,
        impossible,
        reused: known !== null,
      }));
      context.print(
        `${JSON.stringify({ model: candidate.key, baseline: baseline?.key ?? null, cells: rows, estimate: all }, null, 2)}\n`,
      );
      return 0;
    }
    const head = ['hardware', 'optimizer', 'memory MB', 'batch', 'threads', 'what'];
    const rows = cells.map(({ config, threads, impossible, known }) => [
      config.hardware,
      config.optimizer,
      String(config.memoryMb),
      String(config.batch),
      String(threads),
      impossible !== null
        ? `skipped: ${visible(impossible)}`
        : known !== null
          ? 'reused'
          : same
            ? 'skipped: the same model'
            : 'measured',
    ]);
    context.print(
      [
        ...planLines(prepared, facts),
        '',
        alignedTable(head, rows, new Set([2, 3, 4])),
        ...[...ports.notes, ...facts.notes, ...notes].map((note) => `Note       ${visible(note, 400)}`),
        '',
      ].join('\n'),
    );
    return 0;
  });
}
