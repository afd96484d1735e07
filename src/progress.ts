import type { Clock, Logger, TargetFacts } from './ports.ts';
import { durationText } from './report/format.ts';
import { planLines } from './report/plan.ts';
import { cellName } from './report/words.ts';
import type { Progress } from './stages/measure.ts';

/**
 * Tells which cell runs and about how long the rest takes, from the sandboxes that ran.
 * @param eachSandbox whether every sandbox is worth a line (a terminal writes over the last one)
 */
export function progressLines(logger: Logger, clock: Clock, facts: TargetFacts, eachSandbox: boolean): Progress {
  let start: number | null = null;
  let sandboxes = 0;
  let cell = { index: 0, of: 0, name: '' };
  const left = (perCell: number, done: number): string => {
    // Where cells run side by side, what one took says little of the rest.
    if (start === null || sandboxes === 0 || facts.concurrency > 1) return '';
    const each = (clock.now() - start) / sandboxes / 1000;
    const rest = perCell - done + (cell.of - cell.index - 1) * perCell;
    return `, about ${durationText(each * rest)} left`;
  };
  return {
    planned(prepared) {
      for (const line of planLines(prepared, facts)) logger.info(line);
    },
    cell(index, of, planned) {
      start ??= clock.now();
      cell = { index, of, name: cellName(planned.config, false) };
      logger.progress(`[${index + 1}/${of}] ${cell.name}${left(6, 0)}`);
    },
    sandbox(done, of) {
      sandboxes += 1;
      if (eachSandbox && facts.concurrency === 1)
        logger.progress(`[${cell.index + 1}/${cell.of}] ${cell.name}: sandbox ${done} of ${of}${left(of, done)}`);
    },
  };
}
