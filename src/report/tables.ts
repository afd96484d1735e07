import { markdownTable } from 'markdown-table';
import type { CellReport } from '../types/report.ts';
import { METRICS } from '../types/verdict.ts';
import { artifactMb, comparesOptimizers, DIFFERS, differsText, versionsText } from './conversions.ts';
import { tableCode } from './escape.ts';
import { changeText, figure, plainPercent, signedPercent } from './format.ts';
import type { Row } from './view.ts';

export function mainTable(rows: readonly Row[]): string {
  const compares = comparesOptimizers(rows.map((row) => row.cell));
  const head = [
    '',
    'configuration',
    'p50 ms',
    'change (95 % interval)',
    'USD per million',
    'cold start ms',
    'peak MB',
    ...(compares ? [DIFFERS] : []),
    'source',
  ];
  const body = rows
    .filter((row) => row.cell.latencyMs !== null || row.cell.baseline !== null)
    .map((row) => [
      `${row.mark} ${row.word}`,
      row.name,
      ...[row.p50, row.change, row.cost, row.cold, row.peak],
      ...(compares ? [differsText(row.cell)] : []),
      row.source,
    ]);
  if (body.length === 0) return '';
  return markdownTable([head, ...body], {
    align: ['l', 'l', ...Array<string>(compares ? 6 : 5).fill('r'), 'l'],
    stringLength: (s) => [...s].length,
  });
}

export function detailsTable(rows: readonly Row[]): string {
  const head = [
    'configuration',
    'p90 ms',
    'p99 ms',
    'mean ms',
    'samples',
    'items/s',
    'import ms',
    'fetch ms',
    'load ms',
    'first ms',
    'optimize ms',
    'compile ms',
    'artifact MB',
    'cost index',
    'Pareto',
    'output',
    'versions',
  ];
  const body = rows.flatMap((row) => {
    const { latencyMs: latency, phasesMs: phases } = row.cell;
    if (latency === null) return [];
    return [
      [
        row.name,
        figure(latency.p90),
        figure(latency.p99),
        figure(latency.mean),
        String(latency.samples),
        figure(row.cell.throughputPerSecond),
        figure(phases?.import),
        figure(phases?.fetch),
        figure(phases?.load),
        figure(phases?.first),
        figure(phases?.optimize),
        figure(phases?.compile),
        artifactMb(row.cell),
        figure(row.cell.costIndex),
        row.cell.pareto ? 'yes' : '',
        outputText(row.cell),
        tableCode(versionsText(row.cell), 240),
      ],
    ];
  });
  return markdownTable([head, ...body], { align: ['l', ...Array<string>(13).fill('r'), 'l', 'l', 'l'] });
}

function outputText(cell: CellReport): string {
  const own = cell.output;
  if (cell.config.optimizer === 'vanilla') return 'is the reference';
  if (own === null) return 'not compared';
  const by =
    own.relativeDifference === null ? '' : ` (${own.relativeDifference.toExponential(1)} of the largest value)`;
  return own.equivalent
    ? `as vanilla${by}`
    : `**not as vanilla**${by}${own.problem === null ? '' : `: ${tableCode(own.problem)}`}`;
}

export function judgedTable(rows: readonly Row[]): string {
  const head = [
    'configuration',
    'metric',
    'change',
    'limit',
    'clock',
    'elapsed',
    'CPU time',
    'could have seen',
    'sandboxes',
    'quads',
    'note',
  ];
  const body = rows.flatMap(({ cell, name }) =>
    METRICS.flatMap((metric) => {
      const of = cell.verdict?.metrics[metric];
      if (of === undefined || cell.verdict === null) return [];
      const ratio = (value: number | null): string => (value === null ? '–' : signedPercent(value));
      return [
        [
          name,
          metric,
          changeText(of.change, of.low, of.high),
          of.threshold === null ? 'not gated' : plainPercent(of.threshold),
          of.clock ?? '–',
          ratio(of.wallChange),
          ratio(of.cpuChange),
          ratio(of.minimumDetectable),
          String(cell.verdict.sandboxes),
          String(cell.verdict.quads),
          of.note === null ? '' : tableCode(of.note, 300),
        ],
      ];
    }),
  );
  return body.length === 0
    ? ''
    : markdownTable([head, ...body], { align: ['l', 'l', 'r', 'r', 'l', 'r', 'r', 'r', 'r', 'r', 'l'] });
}
