import type { Role } from '../types/config.ts';
import type {
  Latency,
  OutputComparison,
  SandboxSubject,
  SandboxSummary,
  SubjectSummary,
} from '../types/measurement.ts';
import type { Agreement, Block, MeasureResponse, SubjectResponse } from '../types/protocol.ts';
import { isNumbers, median, percentile } from './stats.ts';

/** Fewest samples from which a percentile is shown. */
const FEWEST = { p90: 50, p99: 200 } as const;

/**
 * Latency of one inference (a batch), in ms: percentiles over the samples of all stretches, the mean over whole
 * stretches, since under a CPU quota single samples hide the time in which nothing ran.
 */
export function latencyOf(stretches: readonly SubjectResponse['stretch'][]): Latency | null {
  const used = stretches.filter((stretch) => stretch.samplesMs.length > 0);
  const sorted = used.flatMap((stretch) => stretch.samplesMs).sort((a, b) => a - b);
  if (!isNumbers(sorted)) return null;
  const wall = used.reduce((sum, stretch) => sum + stretch.wallMs, 0);
  const from = (fewest: number, share: number): number | null =>
    sorted.length < fewest ? null : percentile(sorted, share);
  return {
    p50: percentile(sorted, 0.5),
    p90: from(FEWEST.p90, 0.9),
    p99: from(FEWEST.p99, 0.99),
    mean: wall / sorted.length,
    samples: sorted.length,
  };
}

function medianOf(values: readonly number[]): number | null {
  return isNumbers(values) ? median(values) : null;
}

type Quad = readonly [Block, Block, Block, Block];

/** Whole quads; the deadline may have cut the last one short. */
function quadsOf(blocks: readonly Block[]): readonly Quad[] {
  const quads: Quad[] = [];
  for (let at = 0; at + 4 <= blocks.length; at += 4) {
    const [a, b, c, d] = blocks.slice(at, at + 4);
    if (a !== undefined && b !== undefined && c !== undefined && d !== undefined) quads.push([a, b, c, d]);
  }
  return quads;
}

/** ½ Σ (ln candidate − ln baseline) of one quad. */
function logRatio(quad: Quad, clock: 'wallMs' | 'cpuMs'): number | null {
  let sum = 0;
  let sign = 0;
  for (const block of quad) {
    if (!(block[clock] > 0)) return null;
    const side = block.role === 'candidate' ? 1 : -1;
    sign += side;
    sum += side * Math.log(block[clock]);
  }
  return sign === 0 ? sum / 2 : null;
}

function coldOf(response: MeasureResponse, subject: SubjectResponse): number | null {
  const first = response.subjects[0]?.role === subject.role;
  if (!first || !response.sandbox.cold) return null;
  return response.importMs + subject.fetchMs + subject.loadMs + subject.firstMs;
}

function sandboxSubject(response: MeasureResponse, role: Role): SandboxSubject | null {
  const subject = response.subjects.find((one) => one.role === role);
  const own = response.blocks.filter((block) => block.role === role);
  const wallMs = medianOf(own.map((block) => block.wallMs));
  const cpuMs = medianOf(own.map((block) => block.cpuMs));
  if (subject === undefined) return null;
  return { wallMs, cpuMs, coldMs: coldOf(response, subject), peakMb: subject.peakMb };
}

/** What one sandbox said, from its raw answer. */
export function summariseSandbox(response: MeasureResponse): SandboxSummary {
  const quads = quadsOf(response.blocks);
  const ratios = (clock: 'wallMs' | 'cpuMs'): number | null =>
    medianOf(quads.flatMap((quad) => logRatio(quad, clock) ?? []));
  const wall = ratios('wallMs');
  const cpu = ratios('cpuMs');
  const total = (clock: 'wallMs' | 'cpuMs'): number =>
    response.blocks.reduce((sum, block) => sum + block[clock] * block.count, 0);
  const wallTotal = total('wallMs');
  return {
    first: response.subjects[0]?.role ?? 'candidate',
    quads: quads.length,
    pair: wall === null || cpu === null ? null : { wall, cpu },
    cpuPerWall: wallTotal > 0 ? total('cpuMs') / wallTotal : 0,
    candidate: sandboxSubject(response, 'candidate'),
    baseline: sandboxSubject(response, 'baseline'),
  };
}

/** Time spent on converting, where the optimizer does. */
export interface ConversionTime {
  readonly optimizeMs: number | null;
  readonly compileMs: number | null;
}

/** One subject over all sandboxes of a cell; null where it never ran. Cold phases: from sandboxes where it came first. */
export function summariseSubject(
  responses: readonly MeasureResponse[],
  role: Role,
  conversion: ConversionTime,
): SubjectSummary | null {
  const own = responses.flatMap((response) => {
    const subject = response.subjects.find((one) => one.role === role);
    return subject === undefined ? [] : [{ response, subject }];
  });
  const latencyMs = latencyOf(own.map(({ subject }) => subject.stretch));
  if (latencyMs === null) return null;
  const cold = own.filter(({ response, subject }) => coldOf(response, subject) !== null);
  const phase = (pick: (one: (typeof cold)[number]) => number): number | null => medianOf(cold.map(pick));
  return {
    latencyMs,
    phasesMs: {
      import: phase(({ response }) => response.importMs),
      fetch: phase(({ subject }) => subject.fetchMs),
      load: phase(({ subject }) => subject.loadMs),
      first: phase(({ subject }) => subject.firstMs),
      optimize: conversion.optimizeMs,
      compile: conversion.compileMs,
    },
    peakMb: medianOf(own.flatMap(({ subject }) => subject.peakMb ?? [])),
  };
}

function comparisonOf(agreement: Agreement): OutputComparison {
  const { maxAbsoluteDifference, maxAbsoluteReference, varies, problem } = agreement;
  const relative =
    maxAbsoluteDifference === null
      ? null
      : maxAbsoluteDifference === 0
        ? 0
        : maxAbsoluteReference > 0
          ? maxAbsoluteDifference / maxAbsoluteReference
          : null;
  return { maxAbsoluteDifference, relativeDifference: relative, varies, problem };
}

/** The worst of several comparisons of the same cell, one a sandbox. */
function worst(comparisons: readonly OutputComparison[]): OutputComparison | null {
  const rank = (one: OutputComparison): number =>
    one.problem !== null ? Number.POSITIVE_INFINITY : (one.relativeDifference ?? Number.POSITIVE_INFINITY);
  return [...comparisons].sort((a, b) => rank(b) - rank(a))[0] ?? null;
}

/** Comparisons of outputs: converted with unconverted, and candidate with baseline. */
export function summariseOutputs(responses: readonly MeasureResponse[]): {
  readonly output: OutputComparison | null;
  readonly outputChange: OutputComparison | null;
} {
  const own = responses.flatMap((response) => response.subjects.flatMap((subject) => subject.agreement ?? []));
  const change = responses.flatMap((response) => response.change ?? []);
  return { output: worst(own.map(comparisonOf)), outputChange: worst(change.map(comparisonOf)) };
}
