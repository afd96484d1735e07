import type { CellReport, ModelReport, Report } from '../types/report.ts';
import { shellQuote } from './escape.ts';

/** The command that measures one cell again, for a POSIX shell. */
export function reproduceCommand(report: Report, model: ModelReport, cell: CellReport): string {
  const { hardware, optimizer, memoryMb, batch } = cell.config;
  const baseline = model.baselineRef ?? model.baselinePath;
  const option = (name: string, value: string): string => `--${name} ${shellQuote(value)}`;
  return [
    `${report.run.command} run`,
    option('model', model.path),
    ...(baseline === null ? [] : [option('baseline', baseline)]),
    option('hardware', hardware),
    option('optimizer', optimizer),
    option('memory', String(memoryMb)),
    option('batch', String(batch)),
    ...model.overrides.map((override) => option(override.input, override.value)),
    ...(report.run.seed === 1 ? [] : [option('seed', String(report.run.seed))]),
  ].join(' ');
}
