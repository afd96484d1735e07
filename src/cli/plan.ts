import { alignedTable } from '../report/console.ts';
import { visible } from '../report/escape.ts';
import { estimateOf, planLines } from '../report/plan.ts';
import { type Prepared, prepare } from '../stages/prepare.ts';
import { commonOf } from '../stages/report.ts';
import type { PlannedCell } from '../types/plan.ts';
import { readTask, withPorts } from '../wiring/index.ts';
import { type CommandContext, outsideOf } from './context.ts';

const HEAD = ['hardware', 'optimizer', 'memory MB', 'batch', 'threads', 'what'];

function whatOf({ impossible, known }: PlannedCell, same: boolean): string {
  if (impossible !== null) return `skipped: ${visible(impossible)}`;
  if (known !== null) return 'reused';
  return same ? 'skipped: the same model' : 'measured';
}

function tableOf({ plan, same }: Prepared): string {
  const rows = plan.cells.map((cell) => {
    const { hardware, optimizer, memoryMb, batch } = cell.config;
    return [hardware, optimizer, String(memoryMb), String(batch), String(cell.threads), whatOf(cell, same)];
  });
  return alignedTable(HEAD, rows, new Set([2, 3, 4]));
}

/** `ayci plan`: what a run would do, a model after the other. */
export async function planCommand(context: CommandContext): Promise<number> {
  const outside = outsideOf(context);
  const task = await readTask(context.args.raw, outside);
  return withPorts(commonOf(task), outside, async (ports) => {
    const { facts } = ports.target;
    const plans: Prepared[] = [];
    for (const { inputs } of task.models) plans.push(await prepare(inputs, ports));
    if (context.args.flags.has('json')) {
      const models = plans.map(({ plan, same, prices }) => ({
        model: plan.candidate.key,
        baseline: plan.baseline?.key ?? null,
        cells: plan.cells.map(({ config, threads, impossible, known }) => ({
          ...{ config, threads, impossible },
          reused: known !== null,
        })),
        estimate: estimateOf(plan, same, facts, prices),
      }));
      context.print(`${JSON.stringify(models.length === 1 ? models[0] : { models }, null, 2)}\n`);
      return 0;
    }
    const texts = plans.map((prepared) => [...planLines(prepared, facts), '', tableOf(prepared)].join('\n'));
    const notes = new Set([...ports.notes, ...facts.notes, ...plans.flatMap((prepared) => prepared.notes)]);
    const lines = [...notes].map((note) => `Note       ${visible(note, 400)}`);
    context.print(`${[texts.join('\n\n'), ...lines].join('\n')}\n`);
    return 0;
  });
}
