import { markdownTable } from 'markdown-table';
import type { Configuration } from '../types/config.ts';
import type { CellReport, ModelReport, Report } from '../types/report.ts';
import { METRICS } from '../types/verdict.ts';
import { code, tableCode } from './escape.ts';
import { changeText, durationText, figure, plainPercent, signedPercent } from './format.ts';
import { inputLine } from './inputs.ts';
import { reproduceCommand } from './reproduce.ts';
import { advice, headline, type Row, rowsOf, whyText } from './view.ts';
import { cellName, isSameConfig, MARK } from './words.ts';

function baseName(path: string): string {
  return path.split('/').at(-1) || path;
}

function mainTable(rows: readonly Row[]): string {
  const head = [
    '',
    'configuration',
    'p50 ms',
    'change (95 % interval)',
    'USD per million',
    'cold start ms',
    'peak MB',
    'source',
  ];
  const body = rows
    .filter((row) => row.cell.latencyMs !== null || row.cell.baseline !== null)
    .map((row) => [`${row.mark} ${row.word}`, row.name, row.p50, row.change, row.cost, row.cold, row.peak, row.source]);
  if (body.length === 0) return '';
  return markdownTable([head, ...body], {
    align: ['l', 'l', 'r', 'r', 'r', 'r', 'r', 'l'],
    stringLength: (s) => [...s].length,
  });
}

/** Cells without figures, each with its reason. */
function notRun(rows: readonly Row[]): readonly string[] {
  return rows
    .filter((row) => row.cell.reason !== null && row.cell.status !== 'reused' && row.cell.status !== 'measured')
    .map((row) => `- ${row.mark} ${row.name}: ${row.word}: ${code(row.cell.reason ?? '', 300)}`);
}

function bestLine(model: ModelReport): string | null {
  const { cheapest, fastest, balanced } = model.best;
  const several = new Set(model.cells.map((cell) => cell.config.hardware)).size > 1;
  const describe = (config: Configuration): string => {
    const cell = model.cells.find((one) => isSameConfig(one.config, config));
    return `${cellName(config, several)} (p50 ${figure(cell?.latencyMs?.p50)} ms, ${figure(cell?.costPerMillionUsd)} USD per million)`;
  };
  if (cheapest === null || fastest === null || balanced === null) return null;
  if (model.cells.filter((cell) => cell.latencyMs !== null).length < 2) return null;
  return `**Deploy** balanced: ${describe(balanced)} · cheapest: ${describe(cheapest)} · fastest: ${describe(fastest)}`;
}

function detailsTable(rows: readonly Row[]): string {
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
    'cost index',
    'Pareto',
    'output',
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
        figure(row.cell.costIndex),
        row.cell.pareto ? 'yes' : '',
        outputText(row.cell),
      ],
    ];
  });
  return markdownTable([head, ...body], { align: ['l', ...Array<string>(11).fill('r'), 'l', 'l'] });
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

function judgedTable(rows: readonly Row[]): string {
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

/** A candidate may change what it answers: said wherever it did. */
function outputChangeLine(model: ModelReport): string | null {
  const changed = model.cells.find((cell) => cell.outputChange !== null && !cell.outputChange.equivalent)?.outputChange;
  if (changed == null) return null;
  if (changed.problem !== null) return `**Outputs** against the baseline: ${code(changed.problem)}.`;
  const by =
    changed.relativeDifference === null
      ? ''
      : ` by up to ${figure(changed.relativeDifference * 100)} % of the largest value`;
  return `**Outputs** differ from the baseline's${by} (shown, not gated, unless \`max-output-difference\` is set).`;
}

function modelSection(report: Report, model: ModelReport, now: Date): readonly string[] {
  const rows = rowsOf(model, now);
  const regressed = rows.filter((row) => row.cell.verdict?.state === 'regressed');
  const why = report.verdict === 'regressed' ? whyText(model) : null;
  const against =
    model.baselineKey === null
      ? ''
      : ` against ${code(model.baselinePath ?? model.baselineKey)} (key ${code(model.baselineKey)})`;
  const judged = judgedTable(rows);
  return [
    mainTable(rows),
    notRun(rows).join('\n'),
    why === null ? '' : `**Why** ${code(why)}`,
    bestLine(model) ?? '',
    outputChangeLine(model) ?? '',
    ...(regressed.length === 0
      ? []
      : [
          `**Reproduce**\n${regressed.map((row) => `- ${row.name}: ${code(reproduceCommand(report, model, row.cell), 2000)}`).join('\n')}`,
        ]),
    `<details><summary>All figures</summary>\n\n${detailsTable(rows)}\n\n</details>`,
    judged === '' ? '' : `<details><summary>How it was judged</summary>\n\n${judged}\n\n</details>`,
    `<sub>${code(model.path)} (key ${code(model.key)})${against} · inputs: ${model.inputs.map((input) => code(inputLine(input))).join(', ') || 'none'}</sub>`,
  ];
}

function footer(report: Report): string {
  const { run } = report;
  const cells = report.models.flatMap((model) => model.cells);
  const measured = cells.filter((cell) => cell.status === 'measured').length;
  const versions = new Set(
    cells.flatMap((cell) =>
      Object.entries(cell.provenance?.runtimeVersions ?? {}).map(([name, version]) => `${name} ${version}`),
    ),
  );
  const where =
    run.target === 'local'
      ? `measured on this machine, priced as if it were Lambda in ${run.priceRegion}`
      : `Lambda ${run.priceRegion}`;
  const commits =
    run.commit === null
      ? []
      : [
          code(run.commit.slice(0, 12)) +
            (run.baseCommit === null ? '' : ` against ${code(run.baseCommit.slice(0, 12))}`),
        ];
  const parts = [
    ...commits,
    where,
    `prices of ${run.priceDate}`,
    `${measured} measured, ${run.reused} reused`,
    `${run.calls} calls, ${durationText(run.seconds)}, ${figure(run.spentUsd)} USD`,
    ...(versions.size === 0 ? [] : [code([...versions].join(', '), 300)]),
    `AYCI ${run.ayciVersion}`,
  ];
  return `<sub>${parts.join(' · ')}</sub>`;
}

/** `report.md`: the verdict first, one table a model, worst first. */
export function renderMarkdown(report: Report, now: Date): string {
  const sections = report.models.flatMap((model) => {
    const title = `### ${MARK[report.verdict]} ${code(baseName(model.path))} ${headline(model, report)}`;
    const next = advice(model, report);
    return [title, ...(next === null ? [] : [next]), ...modelSection(report, model, now)];
  });
  const failed =
    report.error === null
      ? []
      : [
          `${report.models.length === 0 ? `### ${MARK.unmeasured} Could not measure\n\n` : ''}${code(report.error.message, 1000)}`,
        ];
  const notes = report.run.notes.map((note) => `- ${code(note, 400)}`).join('\n');
  return `${[...failed, ...sections, notes === '' ? '' : `**Notes**\n${notes}`, footer(report)].filter((part) => part !== '').join('\n\n')}\n`;
}
