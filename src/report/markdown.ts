import type { ModelReport, Report } from '../types/report.ts';
import { conversionsOf } from './conversions.ts';
import { deployables } from './deploy.ts';
import { code } from './escape.ts';
import { durationText, figure } from './format.ts';
import { inputLine } from './inputs.ts';
import { reproduceCommand } from './reproduce.ts';
import { detailsTable, judgedTable, mainTable } from './tables.ts';
import { advice, headline, type Row, rowsOf, whyText, worstModelFirst } from './view.ts';
import { MARK } from './words.ts';

function baseName(path: string): string {
  return path.split('/').at(-1) || path;
}

/** Cells without figures, each with its reason. */
function notRun(rows: readonly Row[]): readonly string[] {
  return rows
    .filter((row) => row.cell.reason !== null && row.cell.status !== 'reused' && row.cell.status !== 'measured')
    .map((row) => `- ${row.mark} ${row.name}: ${row.word}: ${code(row.cell.reason ?? '', 300)}`);
}

function bestLine(model: ModelReport): string | null {
  const best = deployables(model).map(
    ({ bestAt, name, cell }) =>
      `${bestAt}: ${name} (p50 ${figure(cell.latencyMs?.p50)} ms, ${figure(cell.costPerMillionUsd)} USD per million)`,
  );
  return best.length === 0 ? null : `**Deploy** ${best.join(' · ')}`;
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

/** How each optimizer's answers compare with the unconverted model's, and what its converter said. */
function conversionLines(model: ModelReport): string {
  return conversionsOf(model)
    .map(({ optimizer, answers, problem, notes }) => {
      const more = [problem, ...notes].flatMap((text) => (text === null ? [] : code(text, 200)));
      return `- ${optimizer} ${[answers, ...more].join('; ')}`;
    })
    .join('\n');
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
    conversionLines(model),
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

/** `report.md`: the worst model first, one table a model, its worst cells first. */
export function renderMarkdown(report: Report, now: Date): string {
  const sections = worstModelFirst(report.models).flatMap((model) => {
    const title = `### ${MARK[model.verdict]} ${code(baseName(model.path))} ${headline(model)}`;
    const next = advice(model);
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
