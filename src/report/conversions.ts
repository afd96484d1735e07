import type { Optimizer } from '../types/config.ts';
import type { CellReport, ModelReport } from '../types/report.ts';
import { figure } from './format.ts';

/** What became of a model under one optimizer: whether it still answers alike, and what its converter said. */
export interface ConversionTold {
  readonly optimizer: Optimizer;
  /** `as vanilla (2.1e-6 of the largest value)`, in AYCI's own words alone. */
  readonly answers: string;
  readonly equivalent: boolean;
  /** Why the answers could not be compared, or do not count as the same; it may hold anybody's text. */
  readonly problem: string | null;
  /** Anybody's text. */
  readonly notes: readonly string[];
}

function difference({ output }: CellReport): number {
  if (output === null) return -1;
  return output.relativeDifference ?? Number.POSITIVE_INFINITY;
}

function answersText({ output }: CellReport): string {
  if (output === null) return 'not compared with vanilla';
  const { relativeDifference: by, equivalent } = output;
  const size = by === null ? '' : ` (${by === 0 ? '0' : by.toExponential(1)} of the largest value)`;
  return `${equivalent ? 'answers as vanilla' : 'does not answer as vanilla'}${size}`;
}

/** One entry an optimizer that converts, by its cell that differs most; none for what was not measured. */
export function conversionsOf(model: ModelReport): readonly ConversionTold[] {
  const measured = model.cells.filter((cell) => cell.config.optimizer !== 'vanilla' && cell.latencyMs !== null);
  const optimizers = [...new Set(measured.map((cell) => cell.config.optimizer))];
  return optimizers.map((optimizer) => {
    const cells = measured.filter((cell) => cell.config.optimizer === optimizer);
    const worst = cells.reduce((one, other) => (difference(other) > difference(one) ? other : one));
    return {
      optimizer,
      answers: answersText(worst),
      equivalent: worst.output?.equivalent === true,
      problem: worst.output?.problem ?? null,
      notes: [...new Set(cells.flatMap((cell) => cell.artifact?.notes ?? []))],
    };
  });
}

/** The entries that a reader has to know of: other answers, or something that its converter said. */
export function remarkable(model: ModelReport): readonly ConversionTold[] {
  return conversionsOf(model).filter((one) => !one.equivalent || one.notes.length > 0);
}

/** Size of what a cell serves, MB (MiB). */
export function artifactMb({ artifact }: CellReport): string {
  return figure(artifact === null ? null : artifact.bytes / 2 ** 20);
}

/** `onnxruntime 1.32.0, made by torch 2.13.0`: the libraries that served a cell and that converted it. Anybody's text. */
export function versionsText({ artifact, provenance }: CellReport): string {
  // It is part of every environment, and computes nothing of a model.
  const listed = (versions: Readonly<Record<string, string>> | undefined): string =>
    Object.entries(versions ?? {})
      .filter(([library]) => library !== 'numpy')
      .map(([library, version]) => `${library} ${version}`)
      .join(', ');
  const [served, made] = [listed(provenance?.runtimeVersions), listed(artifact?.converters)];
  return made === '' || made === served ? served : `${served}, made by ${made}`;
}

/** Whether optimizers are compared with each other: then a table says what each does to the answers. */
export function comparesOptimizers(cells: readonly CellReport[]): boolean {
  return new Set(cells.filter((cell) => cell.latencyMs !== null).map((cell) => cell.config.optimizer)).size > 1;
}

/** Its head; figures are shares of an output's largest value. */
export const DIFFERS = 'differs from vanilla (relative)';

/** `2.1e-6` of the largest value; `⚠️ 4.5e-2` where that does not count as the same; a dash where nothing was compared. */
export function differsText({ config, output }: CellReport): string {
  if (config.optimizer === 'vanilla' || output === null) return '–';
  const { relativeDifference: by, equivalent } = output;
  const told = by === null ? 'not comparable' : by === 0 ? '0' : by.toExponential(1);
  return equivalent ? told : `⚠️ ${told}`;
}
