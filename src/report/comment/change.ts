import type { ModelReport } from '../../types/report.ts';
import { bytesText, figure, signedPercent } from '../format.ts';
import { operatorText } from '../view.ts';
import { type ModelView, worstRegressions } from './models.ts';
import { named } from './text.ts';

/** Inputs and outputs may change by the dozen. */
const MOST_CHANGES = 4;

/** Bytes by the model's key, `<sha256>-<size>`. */
function sizeOf(key: string | null): number | null {
  const size = /^[0-9a-f]{64}-(\d{1,15})$/.exec(key ?? '')?.[1];
  return size === undefined ? null : Number(size);
}

function sizeText(model: ModelReport): string | null {
  const [before, after] = [sizeOf(model.baselineKey), sizeOf(model.key)];
  if (before === null || after === null || before === 0 || before === after) return null;
  return `file ${bytesText(before)} → ${bytesText(after)} (${signedPercent(after / before - 1)})`;
}

/** Whether the work grew or the waiting, by the clock that decided. */
function clockText(view: ModelView): string | null {
  const latency = worstRegressions([view])
    .flatMap(({ over }) => over)
    .find(({ metric }) => metric === 'latency')?.of;
  if (latency?.clock === 'cpu' && latency.cpuChange !== null) {
    return `the work grew (CPU time ${signedPercent(latency.cpuChange)})`;
  }
  return latency?.clock === 'wall' && latency.wallChange !== null
    ? `elapsed time ${signedPercent(latency.wallChange)}`
    : null;
}

/** What had to be the same for both, by how they were measured. */
function sameText(view: ModelView): string | null {
  const cells = view.regressions.map(({ cell }) => cell.provenance?.mode);
  const paired = cells.length > 0 && cells.every((mode) => mode === 'paired');
  return paired ? 'same runtime, same hardware, same sandboxes' : null;
}

/** Converted models that answer otherwise, or answers that are no longer the baseline's. */
function outputText(model: ModelReport): string | null {
  const changed = model.cells.find((cell) => cell.outputChange?.equivalent === false)?.outputChange;
  if (changed == null) return null;
  if (changed.problem !== null) return `outputs against the baseline: ${named(changed.problem, 160)}`;
  const by = changed.relativeDifference;
  return `outputs differ${by === null ? '' : ` by up to ${figure(by * 100)} % of the largest value`}`;
}

/** What is different in a model, beside its figures; null where nothing is known. */
export function changeLine(view: ModelView, withName: boolean): string | null {
  const operators = operatorText(view.model.operatorChanges);
  const parts = [
    operators === '' ? null : named(operators, 160),
    ...view.model.modelChanges.slice(0, MOST_CHANGES).map((change) => named(change, 120)),
    sizeText(view.model),
    outputText(view.model),
    clockText(view),
    sameText(view),
  ].filter((part) => part !== null);
  if (parts.length === 0 || (parts.length === 1 && parts[0] === sameText(view))) return null;
  return `**What changed**${withName ? ` in ${named(view.title, 60)}` : ''}: ${parts.join(' · ')}`;
}
