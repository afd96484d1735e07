import type { CellReport, ModelReport, Report } from '../../types/report.ts';
import { type Acceptance, METRICS, type Metric, type MetricVerdict, type State } from '../../types/verdict.ts';

/** A metric that the gate limits and that came out over its limit. */
export interface Over {
  readonly metric: Metric;
  readonly of: MetricVerdict;
}

/** A cell with metrics over their limits, and with none that is only shown or accepted. */
export interface Regression {
  readonly view: ModelView;
  readonly cell: CellReport;
  /** Worst first; at least one. */
  readonly over: readonly [Over, ...Over[]];
}

/** One model as the comment tells of it. */
export interface ModelView {
  readonly model: ModelReport;
  /** Its file's name; its path where another model has the same name. */
  readonly title: string;
  readonly state: State;
  /** Cells that were to run. */
  readonly cells: number;
  /** Cells in the model's own state. */
  readonly inState: number;
  readonly severalHardware: boolean;
  readonly regressions: readonly Regression[];
  /** Regressions that a waiver accepts. */
  readonly accepted: readonly (Over & { readonly by: Acceptance })[];
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1) || path;
}

/** How far over its limit: what does not run is furthest. */
function excess({ metric, of }: Over): number {
  if (metric === 'runs') return Number.POSITIVE_INFINITY;
  return (of.change ?? 0) - (of.threshold ?? 0);
}

/** Worst first. */
export function worstRegressions(views: readonly ModelView[]): readonly Regression[] {
  const keyed = views.flatMap((view) => view.regressions).map((one) => ({ one, by: excess(one.over[0]) }));
  return keyed.sort((a, b) => (a.by === b.by ? 0 : b.by > a.by ? 1 : -1)).map(({ one }) => one);
}

function viewOf(model: ModelReport, title: string): ModelView {
  const accepted: ModelView['accepted'][number][] = [];
  const regressions: Regression[] = [];
  const hardware = new Set<string>();
  const view = {
    ...{ model, title, regressions, accepted },
    ...{ state: model.verdict, cells: 0, inState: 0, severalHardware: false },
  };
  for (const cell of model.cells) {
    hardware.add(cell.config.hardware);
    if (cell.status !== 'skipped') view.cells += 1;
    if (cell.verdict === null) continue;
    if (cell.verdict.state === view.state) view.inState += 1;
    const over: Over[] = [];
    for (const metric of METRICS) {
      const of = cell.verdict.metrics[metric];
      if (of?.state !== 'regressed' || (metric !== 'runs' && of.threshold === null)) continue;
      if (of.accepted == null) over.push({ metric, of });
      else accepted.push({ metric, of, by: of.accepted });
    }
    const [worst, ...others] = over.sort((a, b) => (excess(b) > excess(a) ? 1 : -1));
    // Where the gate looks at the best configuration alone, another's regression is a figure among others.
    if (worst !== undefined && view.state === 'regressed') regressions.push({ view, cell, over: [worst, ...others] });
  }
  view.severalHardware = hardware.size > 1;
  return view;
}

/** The models of a report, in its order. */
export function modelViews(report: Report): readonly ModelView[] {
  const names = report.models.map(({ path }) => fileName(path));
  const times = new Map<string, number>();
  for (const name of names) times.set(name, (times.get(name) ?? 0) + 1);
  return report.models.map((model, at) => {
    const name = names[at] ?? model.path;
    return viewOf(model, times.get(name) === 1 ? name : model.path);
  });
}
