import { invocationUsd } from './analysis/cost.ts';
import { asAyciError, exitCodeOf } from './errors.ts';
import { Budget } from './measure/budget.ts';
import type { Caller } from './measure/call.ts';
import { remember } from './stages/history.ts';
import type { ModelRun } from './stages/judge.ts';
import { type Places, placesOf } from './stages/locate.ts';
import { measure, type Progress } from './stages/measure.ts';
import { inParallel } from './stages/order.ts';
import type { RunPorts } from './stages/ports.ts';
import { type Prepared, prepare } from './stages/prepare.ts';
import { commonOf, failedReport, makeReport } from './stages/report.ts';
import type { Report } from './types/report.ts';
import type { ModelTask, RunTask } from './types/task.ts';

/** Models at once, where cells run side by side. */
const MODELS_AT_ONCE = 4;

/**
 * The whole way: inputs → plan → archive → target → archive → analysis → report.
 * @throws AyciError `bad-input` or `model-invalid` (exit 2), before anything is written; all else is in the report
 */
export async function run(task: RunTask, ports: RunPorts, progress: Progress): Promise<Report> {
  const common = commonOf(task);
  const startedAt = ports.clock.date();
  const start = ports.clock.now();
  const budget = new Budget(common, ports.clock.now);
  const facts = () => ({
    calls: budget.calls,
    spentUsd: budget.spentUsd,
    seconds: (ports.clock.now() - start) / 1000,
    startedAt,
  });
  try {
    const prepared: { readonly task: ModelTask; readonly prepared: Prepared }[] = [];
    for (const model of task.models) prepared.push({ task: model, prepared: await prepare(model.inputs, ports) });
    for (const one of prepared) progress.planned(one.prepared);
    const places = placesOf(ports);
    const caller = callerOf(ports, places, budget, prepared[0]?.prepared.prices ?? null);
    const runs = new Map<ModelTask, ModelRun>();
    const atOnce = ports.target.facts.concurrency === 1 ? 1 : MODELS_AT_ONCE;
    await inParallel(prepared, atOnce, async (one) => {
      const measured = await measure(one.task.inputs, one.prepared, ports, places, caller, progress);
      runs.set(one.task, { ...one, measured });
    });
    const ordered = task.models.flatMap((model) => runs.get(model) ?? []);
    const report = makeReport(task, ordered, ports, facts());
    await remember(report, common.failOn, ports);
    return report;
  } catch (thrown) {
    const error = asAyciError(thrown);
    if (exitCodeOf(error.code) === 2) throw error;
    return failedReport(task, ports, facts(), error);
  }
}

/** What calls need: the target, what they may cost, and where runtimes read. Only Lambda bills. */
function callerOf(ports: RunPorts, places: Places, budget: Budget, prices: Prepared['prices'] | null): Caller {
  const { target, signal } = ports;
  const billed = target.facts.kind === 'lambda' ? prices : null;
  return {
    target,
    budget,
    signal,
    locate: places.locate,
    usdOf: (where, billedMs) => (billed === null ? 0 : invocationUsd(where, billedMs, billed)),
    seen: new Map(),
  };
}

/** 0 good, 1 the gate failed, 3 could not measure (2, wrong input, is thrown). */
export function exitOf(report: Report): 0 | 1 | 3 {
  if (report.error !== null) return 3;
  if (report.gate !== 'failed') return 0;
  return report.verdict === 'unmeasured' ? 3 : 1;
}
