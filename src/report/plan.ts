import { SANDBOXES, TIMED_SECONDS } from '../measure/protocol.ts';
import { estimate } from '../plan/estimate.ts';
import type { TargetFacts } from '../ports.ts';
import type { Estimate, Plan } from '../types/plan.ts';
import { visible } from './escape.ts';
import { bytesText, durationText } from './format.ts';
import { inputLine } from './inputs.ts';

/** What is left to do of a plan. */
export function estimateOf(plan: Plan, same: boolean): Estimate {
  const conversions = new Set(plan.cells.map((cell) => cell.config.optimizer)).size * (plan.baseline === null ? 1 : 2);
  return estimate(same ? [] : plan.cells, SANDBOXES, TIMED_SECONDS, conversions);
}

/** Model, runtime, inputs and plan, a line each: what a run is about, before it begins. */
export function planLines(plan: Plan, same: boolean, facts: TargetFacts): readonly string[] {
  const { candidate, baseline, cells } = plan;
  const size = candidate.files.reduce((sum, file) => sum + file.size, 0);
  const key = `${candidate.key.slice(0, 6)}…-${candidate.key.split('-')[1] ?? ''}`;
  const against =
    baseline === null ? 'no baseline' : `against ${visible(baseline.path)}${same ? ' (the same model)' : ''}`;
  const { reused, impossible, calls, seconds } = estimateOf(plan, same);
  const inputs = (cells[0]?.candidateInputs ?? []).map((input) => visible(inputLine(input))).join('; ') || 'none';
  const parts = [
    `${cells.length} cell${cells.length === 1 ? '' : 's'}`,
    ...(reused > 0 ? [`${reused} reused`] : []),
    ...(impossible > 0 ? [`${impossible} skipped`] : []),
    calls === 0 ? 'nothing to measure' : `about ${calls} calls, ${durationText(seconds)}`,
  ];
  return [
    `Model      ${visible(candidate.path)}  ${bytesText(size)}  key ${key}  ${against}`,
    `Runtime    ${facts.runtimeName(candidate.framework, 'onnx')} on this machine as Lambda (${facts.maxVcpus} CPUs; CPU share and memory by ${facts.limits})`,
    `Inputs     ${inputs}`,
    `Plan       ${parts.join(', ')}`,
  ];
}
