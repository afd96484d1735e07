import { OPTIMIZER_TABLE, type Optimizer } from '../types/engines.ts';
import type { OutputComparison } from '../types/measurement.ts';
import type { OutputFigures } from '../types/report.ts';

/** What is said of an optimizer that has no tolerance by itself. */
export const UNSET_TOLERANCE = 'int8 answers otherwise by intent: output-tolerance in the configuration accepts it';

/** Candidate and baseline are different models: they count as the same up to what two builds of one model show. */
const SAME_MODEL = 1e-4;

/** Freshly initialised or saturated networks answer the same to everything: any two of them agree. */
export const CONSTANT_OUTPUT = 'its output does not change with the input, so agreement proves nothing';

function figures(comparison: OutputComparison, tolerance: number | null): OutputFigures {
  const { maxAbsoluteDifference, relativeDifference, varies } = comparison;
  const problem = comparison.problem ?? (varies ? (tolerance === null ? UNSET_TOLERANCE : null) : CONSTANT_OUTPUT);
  const equivalent =
    problem === null && tolerance !== null && relativeDifference !== null && relativeDifference <= tolerance;
  return { maxAbsoluteDifference, relativeDifference, equivalent, problem };
}

/**
 * Converted against unconverted; null where the optimizer converts nothing.
 * @param tolerance the user's own for this model, else the optimizer's; null: none
 */
export function convertedOutput(
  optimizer: Optimizer,
  comparison: OutputComparison | null,
  tolerance: number | null = OPTIMIZER_TABLE[optimizer].tolerance,
): OutputFigures | null {
  return optimizer === 'vanilla' || comparison === null ? null : figures(comparison, tolerance);
}

/** Candidate against baseline. */
export function changedOutput(comparison: OutputComparison | null): OutputFigures | null {
  return comparison === null ? null : figures(comparison, SAME_MODEL);
}
