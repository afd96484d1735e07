import { invocationUsd } from '../analysis/cost.ts';
import type { Prices } from '../analysis/prices.ts';
import { SANDBOXES, TIMED_SECONDS } from '../measure/protocol.ts';
import { conversionsOf } from '../plan/conversions.ts';
import { estimate } from '../plan/estimate.ts';
import type { TargetFacts } from '../ports.ts';
import type { Estimate, Plan } from '../types/plan.ts';
import { visible } from './escape.ts';
import { bytesText, durationText } from './format.ts';
import { inputLine } from './inputs.ts';

/** A plan, and what its words need. */
export interface Planned {
  readonly plan: Plan;
  readonly same: boolean;
  readonly prices: Prices;
}

/** What is left to do of a plan. */
export function estimateOf(plan: Plan, same: boolean, facts: TargetFacts, prices: Prices): Estimate {
  return estimate(same ? [] : plan.cells, conversionsOf(plan), {
    sandboxes: SANDBOXES,
    timedSeconds: TIMED_SECONDS,
    concurrency: facts.concurrency,
    usdOf: (config, billedMs) => (facts.kind === 'lambda' ? invocationUsd(config, billedMs, prices) : 0),
  });
}

function placeText(facts: TargetFacts): string {
  return facts.kind === 'lambda'
    ? `on AWS Lambda in ${facts.region} (up to ${facts.concurrency} sandboxes at once)`
    : `on this machine as Lambda (${facts.maxVcpus} CPUs; CPU share and memory by ${facts.limits})`;
}

/** What serves the cells that can run; where none can, what would serve the model as it is. */
function runtimesText({ candidate, cells }: Plan, facts: TargetFacts): string {
  const possible = cells.filter((cell) => cell.impossible === null).map((cell) => cell.config);
  const asItIs = cells.slice(0, 1).map(({ config }) => ({ ...config, optimizer: 'vanilla' as const }));
  const names = (possible.length > 0 ? possible : asItIs).map((config) =>
    facts.runtimeName(candidate.framework, config),
  );
  return [...new Set(names)].join(', ');
}

/** Model, runtime, inputs and plan, a line each: what a run is about, before it begins. */
export function planLines({ plan, same, prices }: Planned, facts: TargetFacts): readonly string[] {
  const { candidate, baseline, cells } = plan;
  const size = candidate.files.reduce((sum, file) => sum + file.size, 0);
  const key = `${candidate.key.slice(0, 6)}…-${candidate.key.split('-')[1] ?? ''}`;
  const against =
    baseline === null ? 'no baseline' : `against ${visible(baseline.path)}${same ? ' (the same model)' : ''}`;
  const { reused, impossible, calls, seconds, usd } = estimateOf(plan, same, facts, prices);
  const inputs = (cells[0]?.candidateInputs ?? []).map((input) => visible(inputLine(input))).join('; ') || 'none';
  const parts = [
    `${cells.length} cell${cells.length === 1 ? '' : 's'}`,
    ...(reused > 0 ? [`${reused} reused`] : []),
    ...(impossible > 0 ? [`${impossible} skipped`] : []),
    calls === 0
      ? 'nothing to measure'
      : `about ${calls} calls, ${durationText(seconds)}${usd > 0 ? `, ${usd} USD` : ''}`,
  ];
  return [
    `Model      ${visible(candidate.path)}  ${bytesText(size)}  key ${key}  ${against}`,
    `Runtime    ${runtimesText(plan, facts)} ${placeText(facts)}`,
    `Inputs     ${inputs}`,
    `Plan       ${parts.join(', ')}`,
  ];
}
