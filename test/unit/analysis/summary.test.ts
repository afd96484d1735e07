import { describe, expect, test } from 'vitest';
import { summariseOutputs, summariseSandbox, summariseSubject } from '../../../src/analysis/summary.ts';
import type { Agreement } from '../../../src/types/protocol.ts';
import { block, response, subjectResponse } from './make.ts';

const CANDIDATE = subjectResponse('candidate', { peakMb: 90 });
const BASELINE = subjectResponse('baseline', { peakMb: null });
const QUAD = [block('candidate', 12, 11), block('baseline', 10), block('baseline', 10), block('candidate', 12, 11)];
const NO_CONVERSION = { optimizeMs: null, compileMs: null, artifact: null };

function agreement(more: Partial<Agreement>): Agreement {
  return { maxAbsoluteDifference: 0, maxAbsoluteReference: 1, varies: true, problem: null, ...more };
}

describe('summariseSandbox', () => {
  test('a pair', () => {
    const summary = summariseSandbox(response([CANDIDATE, BASELINE], QUAD));
    expect(summary).toMatchObject({ first: 'candidate', quads: 1 });
    expect(summary.pair?.wall).toBeCloseTo(Math.log(1.2), 12);
    expect(summary.pair?.cpu).toBeCloseTo(Math.log(1.1), 12);
    expect(summary.candidate).toEqual({ wallMs: 12, cpuMs: 11, coldMs: 4321, peakMb: 90 });
    expect(summary.baseline).toEqual({ wallMs: 10, cpuMs: 10, coldMs: null, peakMb: null });
  });

  test('only a cold sandbox has a cold start', () => {
    const warm = { sandbox: { id: 's', requests: 2, cold: false, retired: false } };
    expect(summariseSandbox(response([CANDIDATE, BASELINE], QUAD, warm)).candidate?.coldMs).toBeNull();
  });

  test('the share of CPU counts a block by its inferences', () => {
    const blocks = [block('candidate', 10, 20, 1), block('candidate', 10, 10, 9)];
    expect(summariseSandbox(response([CANDIDATE], blocks)).cpuPerWall).toBeCloseTo(1.1, 12);
  });

  test('one subject', () => {
    const blocks = Array.from({ length: 4 }, (_, at) => block('baseline', 10 + at));
    const summary = summariseSandbox(response([BASELINE], blocks));
    expect(summary).toMatchObject({ first: 'baseline', quads: 1, pair: null, candidate: null });
    expect(summary.baseline?.wallMs).toBe(11.5);
  });

  test('a first request without timing has its cold figures and no times', () => {
    const summary = summariseSandbox(response([CANDIDATE]));
    expect(summary).toMatchObject({ quads: 0, pair: null, cpuPerWall: 0 });
    expect(summary.candidate).toEqual({ wallMs: null, cpuMs: null, coldMs: 4321, peakMb: 90 });
  });
});

describe('summariseSubject', () => {
  test('cold phases come from the sandboxes where the subject was first', () => {
    const responses = [
      response([CANDIDATE, BASELINE]),
      response([subjectResponse('baseline'), subjectResponse('candidate', { loadMs: 999 })]),
      response([subjectResponse('candidate', { loadMs: 40 }), BASELINE]),
    ];
    const summary = summariseSubject(responses, 'candidate', { optimizeMs: 7, compileMs: null, artifact: null });
    expect(summary?.phasesMs).toEqual({ import: 4000, fetch: 1, load: 30, first: 300, optimize: 7, compile: null });
    expect(summary?.latencyMs.samples).toBe(9);
    expect(summary?.peakMb).toBe(90);
  });

  test('never first: its phases are not known, its latency is', () => {
    const summary = summariseSubject([response([CANDIDATE, BASELINE])], 'baseline', NO_CONVERSION);
    expect(summary?.phasesMs.load).toBeNull();
    expect(summary?.latencyMs.mean).toBe(10);
  });

  test('a subject that never ran is null', () => {
    expect(summariseSubject([response([CANDIDATE])], 'baseline', NO_CONVERSION)).toBeNull();
    expect(summariseSubject([], 'candidate', NO_CONVERSION)).toBeNull();
  });
});

describe('summariseOutputs', () => {
  const changes = (...all: readonly Agreement[]) =>
    summariseOutputs(all.map((change) => response([CANDIDATE, BASELINE], [], { change }))).outputChange;

  test('the difference is relative to the largest value of the reference', () => {
    expect(changes(agreement({ maxAbsoluteDifference: 2, maxAbsoluteReference: 8 }))?.relativeDifference).toBe(0.25);
    expect(changes(agreement({ maxAbsoluteReference: 0 }))?.relativeDifference).toBe(0);
    expect(changes(agreement({ maxAbsoluteDifference: 1, maxAbsoluteReference: 0 }))?.relativeDifference).toBeNull();
  });

  test('the worst sandbox speaks for the cell', () => {
    const small = agreement({ maxAbsoluteDifference: 0.1 });
    const large = agreement({ maxAbsoluteDifference: 0.3 });
    const broken = agreement({ maxAbsoluteDifference: null, problem: 'other shapes' });
    expect(changes(small, large, small)?.relativeDifference).toBe(0.3);
    expect(changes(small, broken, large)?.problem).toBe('other shapes');
  });

  test('an output that varied in one sandbox varies', () => {
    expect(changes(agreement({ varies: false }), agreement({ varies: true }))?.varies).toBe(true);
    expect(changes(agreement({ varies: false }), agreement({ varies: false }))?.varies).toBe(false);
  });

  test("the conversion's figures are the candidate's", () => {
    const own = subjectResponse('candidate', { agreement: agreement({ maxAbsoluteDifference: 0.5 }) });
    const other = subjectResponse('baseline', { agreement: agreement({ maxAbsoluteDifference: 0.9 }) });
    expect(summariseOutputs([response([other, own])]).output?.relativeDifference).toBe(0.5);
    expect(summariseOutputs([response([other])]).output).toBeNull();
  });
});
