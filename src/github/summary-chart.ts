import { code } from '../report/escape.ts';
import { worstFirst, worstModelFirst } from '../report/view.ts';
import { cellName } from '../report/words.ts';
import type { ModelReport, Report } from '../types/report.ts';

/** More bars than that are read in the table. */
const MOST_CELLS = 10;
const MOST_CHARTS = 5;

interface Bar {
  readonly label: string;
  readonly ms: number;
}

function barsOf(model: ModelReport): readonly Bar[] {
  const several = new Set(model.cells.map((cell) => cell.config.hardware)).size > 1;
  const measured = worstFirst(model.cells).filter((cell) => cell.latencyMs !== null);
  return measured.slice(0, MOST_CELLS).flatMap((cell) => {
    const name = cellName(cell.config, several);
    const now = cell.latencyMs?.p50 ?? 0;
    const before = cell.baseline?.latencyMs.p50;
    return before === undefined
      ? [{ label: name, ms: now }]
      : [
          { label: `${name}: before`, ms: before },
          { label: `${name}: now`, ms: now },
        ];
  });
}

/** Two bars a configuration: charts of this kind draw two rows of bars over each other. */
function chart(bars: readonly Bar[]): string {
  const most = Math.max(...bars.map((bar) => bar.ms));
  const number = (ms: number): string => String(Number(ms.toFixed(6)));
  return [
    '```mermaid',
    'xychart-beta horizontal',
    '  title "p50 latency (ms)"',
    // Labels are made of this version's own words and of numbers alone.
    `  x-axis [${bars.map((bar) => `"${bar.label}"`).join(', ')}]`,
    `  y-axis "ms" 0 --> ${number(most * 1.05 || 1)}`,
    `  bar [${bars.map((bar) => number(bar.ms)).join(', ')}]`,
    '```',
  ].join('\n');
}

/** Charts of p50 per configuration, before and now, of the worst models; empty where there is nothing to compare. */
export function summaryCharts(report: Report): string {
  const drawn = worstModelFirst(report.models)
    .map((model) => ({ model, bars: barsOf(model) }))
    .filter(({ bars }) => bars.length > 1);
  return drawn
    .slice(0, MOST_CHARTS)
    .map(({ model, bars }) => `**p50 per configuration** of ${code(model.path)}\n\n${chart(bars)}`)
    .join('\n\n');
}
