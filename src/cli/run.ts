import type { RawInputs } from '../inputs/table.ts';
import { progressLines } from '../progress.ts';
import { renderConsole } from '../report/console.ts';
import { renderJson, writeReports } from '../report/write.ts';
import { exitOf, run } from '../run.ts';
import { commonOf } from '../stages/report.ts';
import type { Report } from '../types/report.ts';
import { readTask, systemClock, withPorts } from '../wiring/index.ts';
import { type CommandContext, outsideOf } from './context.ts';

/** `ayci run`: the whole way, then the table, the verdict and where the report is. */
export async function runCommand(
  context: CommandContext,
  raw: RawInputs = context.args.raw,
): Promise<{ report: Report; exit: number }> {
  const outside = outsideOf(context);
  const task = await readTask(raw, outside);
  const { reportDir } = commonOf(task);
  return withPorts(commonOf(task), outside, async (ports) => {
    const report = await run(
      task,
      ports,
      progressLines(context.logger, systemClock, ports.target.facts, context.isTTY),
    );
    context.logger.end();
    const now = systemClock.date();
    const paths = await writeReports(report, reportDir, now);
    if (report.error !== null) context.logger.warn(report.error.message);
    const json = context.args.flags.has('json');
    context.print(json ? renderJson(report) : renderConsole(report, now, [paths.markdown, paths.json]));
    return { report, exit: exitOf(report) };
  });
}
