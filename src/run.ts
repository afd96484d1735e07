import { asAyciError, exitCodeOf } from './errors.ts';
import { Budget } from './measure/call.ts';
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
  const budget = new Budget(inputs.maxCalls, inputs.maxMinutes, ports.clock.now);
  const facts = () => ({ calls: budget.calls, seconds: (ports.clock.now() - start) / 1000, startedAt });
  try {
    const prepared = await prepare(inputs, ports);
    progress.planned(prepared);
    const caller = { target: ports.target, budget, signal: ports.signal };
    const measured = await measure(inputs, prepared, ports, caller, progress);
    return makeReport(inputs, prepared, measured, ports, facts());
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
