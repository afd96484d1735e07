import { SANDBOXES, TIMED_SECONDS } from '../measure/protocol.ts';
import { estimate } from '../plan/estimate.ts';
import { alignedTable } from '../report/console.ts';
import { visible } from '../report/escape.ts';
import { bytesText, durationText } from '../report/format.ts';
import { inputLine } from '../report/inputs.ts';
import { prepare } from '../stages/prepare.ts';
import { withPorts } from '../wiring.ts';
import { type CommandContext, inputsOf, outsideOf } from './context.ts';

/** `ayci plan`: what a run would do. */
export async function planCommand(context: CommandContext): Promise<number> {
  const inputs = inputsOf(context.args.raw);
  return withPorts(inputs, outsideOf(context), async (ports) => {
    const { plan, same, notes } = await prepare(inputs, ports);
    const { candidate, baseline, cells } = plan;
    const converting = new Set(cells.map((cell) => cell.config.optimizer)).size * (baseline === null ? 1 : 2);
    const all = estimate(same ? [] : cells, SANDBOXES, TIMED_SECONDS, converting);
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
    const size = candidate.files.reduce((sum, file) => sum + file.size, 0);
    const against =
      baseline === null ? 'no baseline' : `against ${visible(baseline.path)}${same ? ' (the same model)' : ''}`;
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
        `Model      ${visible(candidate.path)}  ${bytesText(size)}  key ${candidate.key}  ${against}`,
        `Runtime    ${ports.target.facts.runtimeName(candidate.framework, 'onnx')} on this machine as Lambda (${ports.target.facts.maxVcpus} CPUs; ${ports.target.facts.limits})`,
        `Inputs     ${(cells[0]?.candidateInputs ?? []).map((input) => visible(inputLine(input))).join('; ') || 'none'}`,
        `Plan       ${all.cells} cells: ${all.reused} reused, ${all.impossible} skipped; about ${all.calls} calls, ${durationText(all.seconds)}, ${all.usd} USD`,
        '',
        alignedTable(head, rows, new Set([2, 3, 4])),
        ...notes.map((note) => `Note       ${visible(note, 400)}`),
        '',
      ].join('\n'),
    );
    return 0;
  });
}
