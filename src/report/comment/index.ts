import { AyciError } from '../../errors.ts';
import type { Report } from '../../types/report.ts';
import { remarkable } from '../conversions.ts';
import { reproduceCommand } from '../reproduce.ts';
import { bestLine } from './best.ts';
import { cellHead, cellRow, conversionRow, mostOf, reasonRow, worstCells } from './cells.ts';
import { changeLine } from './change.ts';
import { footerOf, type Links, linksText } from './footer.ts';
import { headlineOf } from './headline.ts';
import { markerLine } from './marker.ts';
import { type ModelView, modelViews, type Regression, worstRegressions } from './models.ts';
import { acceptLine, gapLines, gateLine, undecidedLine, waiverLines } from './notices.ts';
import { modelRow, regressionHead, regressionRow } from './rows.ts';
import { Space } from './space.ts';
import { configText, counted, folded, named, tableHead, tableRow } from './text.ts';

export { hasNews } from './news.ts';

export interface CommentOptions extends Links {
  /** One comment a tag. */
  readonly tag: string;
  /** The pull request's own commit, not the merge commit that is checked out. */
  readonly commit: string | null;
  readonly runId: number;
  readonly attempt: number;
  /** Null: not known, no monthly cost is shown. */
  readonly requestsPerMonth: number | null;
  readonly now: Date;
  /** Characters; GitHub refuses more than 65,536. */
  readonly limit?: number;
}

export interface Comment {
  readonly body: string;
  /** Cells over their limit that found no place: they are in the job's summary and in the report. */
  readonly leftOut: number;
}

const LIMIT = 65_000;
/** What is always said (marker, changes of the gate, headline, last line) fits into this, whatever the names. */
const LEAST_LIMIT = 8_000;
const OPEN_ROWS = 10;
const OPEN_MODELS = 12;
const OPEN_TOLD = 3;
const FOLD = 200;
const LONGEST_PATH = 500;

/** A model's own line where the headline does not already say all. */
function modelTable(views: readonly ModelView[], space: Space): string {
  const news = views.filter((view) => view.state !== 'pass' || view.accepted.length > 0);
  const shown = views.length > 1 ? news : news.filter((view) => view.state !== 'regressed');
  const head = tableHead(['', 'model', 'before → after']);
  const { text, count } = space.rows(
    head,
    worstModels(shown)
      .slice(0, OPEN_MODELS)
      .map((view) => () => tableRow(modelRow(view))),
  );
  const left = shown.length - count;
  return left > 0 && count > 0 ? `${text}\n\nand ${counted(left)} more models` : text;
}

function worstModels(views: readonly ModelView[]): readonly ModelView[] {
  const rank: readonly string[] = ['regressed', 'unmeasured', 'inconclusive', 'no-baseline', 'improved', 'pass'];
  return [...views].sort((a, b) => rank.indexOf(a.state) - rank.indexOf(b.state));
}

function regressionTable(all: readonly Regression[], several: boolean, space: Space): { text: string; count: number } {
  return space.rows(
    tableHead(regressionHead(several)),
    all.map((one) => () => tableRow(regressionRow(one, several))),
  );
}

/** The commands that measure these cells again. */
function reproduceLines(report: Report, rows: readonly Regression[], several: boolean): (() => string)[] {
  return rows.flatMap(({ view, cell }) => {
    if (view.model.path.length > LONGEST_PATH) return [];
    const name = `${several ? `${named(view.title, 40)}, ` : ''}${configText(cell, view.severalHardware)}`;
    return [() => `- ${name}: ${named(reproduceCommand(report, view.model, cell), 2000)}`];
  });
}

/** All that is known of one model's cells, worst first, with what did not run and why. */
function cellSection(view: ModelView, options: CommentOptions, several: boolean, space: Space): string {
  const cells = worstCells(view);
  const most = mostOf(view);
  const figures = cells.filter((cell) => cell.latencyMs !== null);
  const without = cells.filter((cell) => cell.latencyMs === null && cell.reason !== null);
  const about = space.all([
    several ? `**${named(view.title, 60)}**` : null,
    isTold(view) ? null : changeLine(view, false),
    isTold(view) ? null : bestLine(view, false, options.requestsPerMonth),
  ]);
  const table = space.rows(
    tableHead(cellHead(most.compares), new Set([2, 3, 4, 5, 6, ...(most.compares ? [7] : [])])),
    figures.map((cell) => () => tableRow(cellRow(cell, view, most, options.now))),
  );
  const reasons = space.rows(
    '',
    without.map((cell) => () => reasonRow(cell, view)),
  );
  const conversions = space.rows(
    '',
    remarkable(view.model).map((one) => () => conversionRow(one)),
  );
  const left = figures.length + without.length - table.count - reasons.count;
  const more = left > 0 ? space.all([`and ${counted(left)} more in the report`]) : [];
  return [...about, table.text, reasons.text, conversions.text, ...more].filter((part) => part !== '').join('\n\n');
}

/** Whether the open part of the comment tells of it. */
function isTold(view: ModelView): boolean {
  return view.state === 'regressed' || view.state === 'improved' || view.state === 'no-baseline';
}

/**
 * The pull request's comment: the marker, then the verdict in words; worst first; never longer than the limit. What
 * anybody named stays text, whatever it holds.
 *
 * @throws AyciError `bad-input` for a tag that is none, `internal` for a limit below 8,000 characters
 */
export function renderComment(report: Report, options: CommentOptions): Comment {
  const limit = options.limit ?? LIMIT;
  if (limit < LEAST_LIMIT) {
    throw new AyciError('internal', `comment: too short a limit, got ${limit}; expected at least ${LEAST_LIMIT}`);
  }
  const { now, requestsPerMonth } = options;
  const views = modelViews(report);
  const several = views.length > 1;
  const regressions = worstRegressions(views);
  const inSeveral = new Set(regressions.map(({ view }) => view)).size > 1;
  const gate = gateLine(report);
  const head = `${markerLine(options)}\n${gate === null ? '' : `${gate}\n\n`}${headlineOf(report, views)}`;
  const foot = footerOf(report, options.commit, options, now);
  const links = linksText(options);
  const leftOutText = (count: number): string =>
    `**${counted(count)} of ${counted(regressions.length)} regressed cells found no place here**, the worst are shown; all are in the ${links.length === 0 ? 'report' : links.join(', ')}.`;
  const space = new Space(limit - head.length - foot.length - leftOutText(regressions.length).length - 10);
  const gaps = space.all(gapLines(report));
  const models = modelTable(views, space);
  const open = regressionTable(regressions.slice(0, OPEN_ROWS), inSeveral, space);
  const told = worstModels(views.filter(isTold)).slice(0, OPEN_TOLD);
  const lines = space.all([
    ...told.flatMap((view) => [changeLine(view, several), bestLine(view, several, requestsPerMonth)]),
    waiverLines(report),
    undecidedLine(report),
  ]);
  const worst = regressions[0];
  const command = reproduceLines(report, regressions.slice(0, 1), several)[0];
  const next = space.all([
    command === undefined ? null : `**Reproduce** ${command().replace(/^- /, '')}`,
    worst === undefined || report.gate !== 'failed' ? null : acceptLine(worst, now),
  ]);
  const rest = space.reserving(FOLD, () => regressionTable(regressions.slice(open.count), inSeveral, space));
  const shown = open.count + rest.count;
  const commands = space.reserving(FOLD, () =>
    space.rows('', reproduceLines(report, regressions.slice(0, shown), several).slice(1)),
  );
  const cells = space.reserving(FOLD, () =>
    worstModels(views)
      .map((view) => cellSection(view, options, several, space))
      .filter((section) => section !== ''),
  );
  const notes = space.reserving(FOLD, () =>
    space.rows(
      '',
      report.run.notes.map((note) => () => `- ${named(note, 400)}`),
    ),
  );
  const leftOut = regressions.length - shown;
  const body = [
    head,
    ...gaps,
    models,
    open.text,
    leftOut === 0 ? '' : leftOutText(leftOut),
    ...lines,
    ...next,
    rest.count === 0 ? '' : folded(`${counted(rest.count)} more regressed cells`, rest.text),
    commands.count === 0 ? '' : folded('Reproduce the others', commands.text),
    cells.length === 0 ? '' : folded('All cells', cells.join('\n\n')),
    notes.count === 0 ? '' : folded('Notes', notes.text),
    foot,
  ];
  return { body: `${body.filter((part) => part !== '').join('\n\n')}\n`, leftOut };
}
