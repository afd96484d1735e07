import { invocationUsd } from './analysis/cost.ts';
import { asAyciError, exitCodeOf } from './errors.ts';
import { Budget } from './measure/budget.ts';
import type { Where } from './ports.ts';
import { remember } from './stages/history.ts';
import { placesOf } from './stages/locate.ts';
import { measure, type Progress } from './stages/measure.ts';
import type { RunPorts } from './stages/ports.ts';
import { prepare } from './stages/prepare.ts';
import { failedReport, makeReport } from './stages/report.ts';
import type { Inputs } from './types/inputs.ts';
import type { Report } from './types/report.ts';

/**
 * The whole way: inputs → plan → archive → target → archive → analysis → report.
 * @throws AyciError `bad-input` or `model-invalid` (exit 2), before anything is written; all else is in the report
 */
export async function run(inputs: Inputs, ports: RunPorts, progress: Progress): Promise<Report> {
  const startedAt = ports.clock.date();
  const start = ports.clock.now();
  const budget = new Budget(inputs, ports.clock.now);
  const facts = () => ({
    calls: budget.calls,
    spentUsd: budget.spentUsd,
    seconds: (ports.clock.now() - start) / 1000,
    startedAt,
  });
  try {
    const prepared = await prepare(inputs, ports);
    progress.planned(prepared);
    const { target, signal } = ports;
    const places = placesOf(ports);
    const bills = target.facts.kind === 'lambda';
    const caller = {
      target,
      budget,
      signal,
      locate: places.locate,
      usdOf: (where: Where, billedMs: number) => (bills ? invocationUsd(where, billedMs, prepared.prices) : 0),
      seen: new Map<string, Set<string>>(),
    };
    const measured = await measure(inputs, prepared, ports, places, caller, progress);
    const report = makeReport(inputs, prepared, measured, ports, facts());
    await remember(report, prepared, ports);
    return report;
  } catch (thrown) {
    const error = asAyciError(thrown);
    if (exitCodeOf(error.code) === 2) throw error;
    return failedReport(inputs, ports, facts(), error);
  }
}

/** 0 good, 1 the gate failed, 3 could not measure (2, wrong input, is thrown). */
export function exitOf(report: Report): 0 | 1 | 3 {
  if (report.error !== null) return 3;
  if (report.gate !== 'failed') return 0;
  return report.verdict === 'unmeasured' ? 3 : 1;
}
