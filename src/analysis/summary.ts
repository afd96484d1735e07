import type { Role } from '../types/config.ts';
import type {
  OutputComparison,
  SandboxSubject,
  SandboxSummary,
  ServedArtifact,
  SubjectSummary,
} from '../types/measurement.ts';
import type { Agreement, MeasureResponse, SubjectResponse } from '../types/protocol.ts';
import { latencyOf } from './latency.ts';
import { pairOf, quadsOf } from './quads.ts';
import { isNumbers, median } from './stats.ts';

function medianOf(values: readonly number[]): number | null {
  return isNumbers(values) ? median(values) : null;
}

function coldOf(response: MeasureResponse, subject: SubjectResponse): number | null {
  const first = response.subjects[0]?.role === subject.role;
  if (!first || !response.sandbox.cold) return null;
  return response.importMs + subject.fetchMs + subject.loadMs + subject.firstMs;
}

/** A sandbox that served other models before has their memory too: only its first request tells of this one's. */
function peakOf(response: MeasureResponse, subject: SubjectResponse): number | null {
  return response.sandbox.cold ? subject.peakMb : null;
}

function sandboxSubject(response: MeasureResponse, role: Role): SandboxSubject | null {
  const subject = response.subjects.find((one) => one.role === role);
  const own = response.blocks.filter((block) => block.role === role);
  const wallMs = medianOf(own.map((block) => block.wallMs));
  const cpuMs = medianOf(own.map((block) => block.cpuMs));
  if (subject === undefined) return null;
  return { wallMs, cpuMs, coldMs: coldOf(response, subject), peakMb: peakOf(response, subject) };
}

/** What one sandbox said, from its raw answer. */
export function summariseSandbox(response: MeasureResponse): SandboxSummary {
  const quads = quadsOf(response.blocks);
  const total = (clock: 'wallMs' | 'cpuMs'): number =>
    response.blocks.reduce((sum, block) => sum + block[clock] * block.count, 0);
  const wallTotal = total('wallMs');
  return {
    first: response.subjects[0]?.role ?? 'candidate',
    quads: quads.length,
    pair: pairOf(quads),
    cpuPerWall: wallTotal > 0 ? total('cpuMs') / wallTotal : 0,
    candidate: sandboxSubject(response, 'candidate'),
    baseline: sandboxSubject(response, 'baseline'),
  };
}

/** What a subject serves, and the time spent on converting it, where the optimizer does. */
export interface Conversion {
  readonly optimizeMs: number | null;
  readonly compileMs: number | null;
  readonly artifact: ServedArtifact | null;
}

/** One subject over all sandboxes of a cell; null where it never ran. Cold phases: from sandboxes where it came first. */
export function summariseSubject(
  responses: readonly MeasureResponse[],
  role: Role,
  conversion: Conversion,
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
    peakMb: medianOf(own.flatMap(({ response, subject }) => peakOf(response, subject) ?? [])),
    artifact: conversion.artifact,
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

/**
 * The worst of several comparisons of the same cell, one a sandbox; each feeds other inputs, so that the output varies if
 * it did in any of them.
 */
function worst(comparisons: readonly OutputComparison[]): OutputComparison | null {
  const rank = (one: OutputComparison): number =>
    one.problem !== null ? Number.MAX_VALUE : (one.relativeDifference ?? Number.MAX_VALUE);
  const [first] = [...comparisons].sort((a, b) => rank(b) - rank(a));
  return first === undefined ? null : { ...first, varies: comparisons.some((one) => one.varies) };
}

/**
 * Comparisons of outputs: the candidate converted with unconverted, and candidate with baseline.
 * @param problem why the unconverted model gave nothing to compare with, or null
 */
export function summariseOutputs(
  responses: readonly MeasureResponse[],
  problem: string | null = null,
): {
  readonly output: OutputComparison | null;
  readonly outputChange: OutputComparison | null;
} {
  const candidates = responses.flatMap((response) => response.subjects.filter(({ role }) => role === 'candidate'));
  const own = candidates.flatMap((subject) => subject.agreement ?? []);
  const change = responses.flatMap((response) => response.change ?? []);
  const none: OutputComparison | null =
    problem === null || candidates.length === 0
      ? null
      : { maxAbsoluteDifference: null, relativeDifference: null, varies: false, problem };
  return { output: worst(own.map(comparisonOf)) ?? none, outputChange: worst(change.map(comparisonOf)) };
}
