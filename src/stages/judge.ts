import { costPerMillionUsd } from '../analysis/cost.ts';
import { withLevels } from '../analysis/levels.ts';
import { sameModel } from '../analysis/plain.ts';
import { judgeAll } from '../analysis/verdict.ts';
import { applyWaivers } from '../analysis/waivers.ts';
import type { JudgedCell } from '../report/build.ts';
import type { RunFacts } from '../types/report.ts';
import type { ModelTask, RunTask } from '../types/task.ts';
import type { CellVerdict } from '../types/verdict.ts';
import type { CellResult, Measured } from './measure.ts';
import type { Prepared } from './prepare.ts';

/** One model of a run, from its task to what was measured of it. */
export interface ModelRun {
  readonly task: ModelTask;
  readonly prepared: Prepared;
  readonly measured: Measured;
}

/** All cells of a run are judged together: they are one family of hypotheses. */
export function judged(runs: readonly ModelRun[]): readonly (readonly JudgedCell[])[] {
  const cells = runs.flatMap(({ task, prepared, measured }) => {
    const { thresholds, maxOutputDifference } = task.inputs;
    const gates = { thresholds, maxOutputDifference, prices: prepared.prices };
    return measured.results.flatMap(({ measurement }) => (measurement === null ? [] : [{ measurement, gates }]));
  });
  const verdicts = judgeAll(cells);
  const verdictOf = new Map(cells.map(({ measurement }, index) => [measurement, verdicts[index] ?? null]));
  return runs.map((run) =>
    run.measured.results.map((result) => {
      const { cell, status, measurement, reason } = result;
      const same = run.prepared.same && cell.impossible === null;
      const own = measurement === null ? null : (verdictOf.get(measurement) ?? null);
      const verdict = same ? sameModel(run.task.inputs.thresholds) : own;
      return { config: cell.config, status, reason, measurement, verdict: verdict && levelled(verdict, result, run) };
    }),
  );
}

function levelled(verdict: CellVerdict, { cell, measurement }: CellResult, { task, prepared }: ModelRun): CellVerdict {
  const latencyMs = measurement?.candidate?.latencyMs ?? null;
  const figures =
    latencyMs === null
      ? null
      : { latencyMs, costPerMillionUsd: costPerMillionUsd(cell.config, latencyMs.mean, prepared.prices) };
  return withLevels(verdict, figures, task.serviceLevels);
}

/** The judged cells as the waivers leave them. */
export function accepted(
  runs: readonly ModelRun[],
  cells: readonly (readonly JudgedCell[])[],
  waivers: RunTask['waivers'],
  today: string,
): { readonly cells: readonly (readonly JudgedCell[])[]; readonly waivers: RunFacts['waivers'] } {
  const flat = cells.flatMap((own, index) =>
    own.map(({ verdict }) => ({ model: runs[index]?.task.inputs.model ?? '', verdict })),
  );
  const waived = applyWaivers(flat, waivers, today);
  const verdicts = waived.verdicts[Symbol.iterator]();
  const next = (): CellVerdict | null => verdicts.next().value ?? null;
  return { cells: cells.map((own) => own.map((cell) => ({ ...cell, verdict: next() }))), waivers: waived.waivers };
}
