import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gateOf, runVerdict, worstState } from '../../../src/analysis/gate.ts';
import { FAIL_ON } from '../../../src/types/inputs.ts';
import { STATES } from '../../../src/types/verdict.ts';

const state = fc.constantFrom(...STATES);

describe('runVerdict', () => {
  test('is the worst', () => {
    expect(runVerdict(['pass', 'improved', 'inconclusive'])).toBe('inconclusive');
    expect(runVerdict(['pass', 'improved'])).toBe('improved');
    expect(runVerdict(['no-baseline', 'regressed'])).toBe('regressed');
  });

  test('a cell that neither model fits into counts only where there is nothing else', () => {
    expect(runVerdict(['unmeasured', 'pass'])).toBe('pass');
    expect(runVerdict(['unmeasured', 'unmeasured'])).toBe('unmeasured');
    expect(runVerdict([])).toBe('unmeasured');
  });

  test('a regression is never hidden, and order does not matter', () => {
    fc.assert(
      fc.property(fc.array(state), (states) => {
        expect(runVerdict([...states, 'regressed'])).toBe('regressed');
        expect(runVerdict([...states].reverse())).toBe(runVerdict(states));
      }),
    );
  });

  test('the worst of nothing is nothing', () => {
    expect(worstState([])).toBeNull();
  });
});

describe('gateOf', () => {
  test.each([
    ['regressed', ['regressed', 'unmeasured'], 'failed'],
    ['unmeasured', ['regressed', 'unmeasured'], 'failed'],
    ['unmeasured', ['regressed'], 'none'],
    ['inconclusive', ['regressed', 'unmeasured'], 'passed'],
    ['inconclusive', ['inconclusive'], 'failed'],
    ['no-baseline', ['regressed'], 'none'],
    ['improved', ['regressed'], 'passed'],
    ['pass', ['regressed'], 'passed'],
    ['regressed', [], 'none'],
  ] as const)('%s where %j fail', (verdict, failOn, expected) => {
    expect(gateOf([verdict], failOn)).toBe(expected);
  });

  test('fails exactly where it was asked to', () => {
    fc.assert(
      fc.property(state, fc.subarray([...FAIL_ON]), (verdict, failOn) => {
        expect(gateOf([verdict], failOn) === 'failed').toBe((failOn as readonly string[]).includes(verdict));
      }),
    );
  });
});
