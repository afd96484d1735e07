import type { ModelReport, Report } from '../types/report.ts';
import { remarkable } from './conversions.ts';
import { deployables } from './deploy.ts';
import { visible } from './escape.ts';
import { figure } from './format.ts';
import { advice, headline, rowsOf, whyText } from './view.ts';
import { coldMs, MARK } from './words.ts';

/** Columns that align in a terminal; numbers to the right, each unit in the head. */
export function alignedTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: ReadonlySet<number>,
): string {
  const width = (text: string): number => [...text].length;
  const widths = head.map((title, column) => Math.max(width(title), ...rows.map((row) => width(row[column] ?? ''))));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => {
        const pad = ' '.repeat((widths[column] ?? 0) - width(cell));
        return right.has(column) ? pad + cell : cell + pad;
      })
      .join('  ')
      .trimEnd();
  return [line(head), ...rows.map(line)].map((text) => `  ${text}`).join('\n');
}

function table(model: ModelReport, now: Date): string {
  const rows = rowsOf(model, now);
  const several = new Set(model.cells.map((cell) => cell.config.hardware)).size > 1;
  const head = [
    ...(several ? ['hardware'] : []),
    'optimizer',
    'memory MB',
    'batch',
    'p50 ms',
    'p99 ms',
    'cold ms',
    'USD/1M',
    'change',
    'verdict',
  ];
  const body = rows.map(({ cell, mark, word, change }) => [
    ...(several ? [cell.config.hardware] : []),
    cell.config.optimizer,
    String(cell.config.memoryMb),
    String(cell.config.batch),
    figure(cell.latencyMs?.p50),
    figure(cell.latencyMs?.p99),
    figure(coldMs(cell.phasesMs)),
    figure(cell.costPerMillionUsd),
    change,
    `${mark} ${word}${cell.status === 'reused' ? ' (reused)' : ''}`,
  ]);
  const first = several ? 2 : 1;
  return alignedTable(head, body, new Set([first, first + 1, first + 2, first + 3, first + 4, first + 5, first + 6]));
}

function deployLine(model: ModelReport): string | null {
  const best = deployables(model).map(
    ({ bestAt, name, cell }) =>
      `${bestAt}: ${name} (${figure(cell.latencyMs?.p50)} ms, ${figure(cell.costPerMillionUsd)} USD/1M)`,
  );
  return best.length === 0 ? null : best.join('\n             ');
}

/** The result as the command line shows it on standard output. */
export function renderConsole(report: Report, now: Date, reportPaths: readonly string[]): string {
  const lines: string[] = [];
  for (const model of report.models) {
    lines.push('', table(model, now), '');
    for (const row of rowsOf(model, now)) {
      if (row.cell.reason !== null && row.cell.status !== 'reused' && row.cell.status !== 'measured') {
        lines.push(`  ${row.mark} ${row.name}: ${visible(row.cell.reason, 300)}`);
      }
    }
    lines.push(`${MARK[model.verdict]} ${model.verdict}: ${visible(model.path)} ${headline(model)}`);
    const next = advice(model);
    if (next !== null) lines.push(`   ${next}`);
    const why = report.verdict === 'regressed' ? whyText(model) : null;
    if (why !== null) lines.push(`   Why       ${visible(why, 300)}`);
    const changed = model.cells.find(
      (cell) => cell.outputChange !== null && !cell.outputChange.equivalent,
    )?.outputChange;
    if (changed != null) {
      const by =
        changed.relativeDifference === null
          ? ''
          : ` by up to ${figure(changed.relativeDifference * 100)} % of the largest value`;
      lines.push(
        `   Outputs   ${changed.problem === null ? `differ from the baseline's${by}` : visible(changed.problem)}`,
      );
    }
    for (const { optimizer, answers, problem, notes } of remarkable(model)) {
      const more = [problem, ...notes].flatMap((text) => (text === null ? [] : visible(text, 200)));
      lines.push(`   Outputs   ${optimizer} ${[answers, ...more].join('; ')}`);
    }
    const deploy = deployLine(model);
    if (deploy !== null) lines.push(`   Deploy    ${deploy}`);
  }
  for (const note of report.run.notes) lines.push(`   Note      ${visible(note, 400)}`);
  if (reportPaths.length > 0) lines.push(`   Report    ${reportPaths.map((path) => visible(path)).join('  ')}`);
  return `${lines.join('\n').replace(/^\n+/, '')}\n`;
}
