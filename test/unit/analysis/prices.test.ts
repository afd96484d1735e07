import { describe, expect, test } from 'vitest';
import { PRICES, pricesOf, REQUEST_FEE } from '../../../src/analysis/prices.ts';
import { AyciError } from '../../../src/errors.ts';

describe('prices', () => {
  // USD per million GB-seconds, from AWS's Lambda pricing page.
  test.each([
    ['us-east-1', 16.6667, 13.3334],
    ['eu-central-1', 16.6667, 13.3334],
    ['af-south-1', 22.1, 17.68],
    ['ap-east-1', 22.92, 18.3],
    ['eu-south-1', 19.5172, 15.6138],
    ['me-south-1', 20.6667, 16.5334],
    ['me-central-1', 20.6667, 16.5334],
  ])('%s', (region, x86, arm) => {
    const { perGbSecond } = pricesOf(region, 'region');
    expect(perGbSecond.x86_64 * 1e6).toBeCloseTo(x86, 8);
    expect(perGbSecond.arm64 * 1e6).toBeCloseTo(arm, 8);
  });

  test('20 cents a million requests', () => {
    expect(REQUEST_FEE * 1e6).toBeCloseTo(0.2, 12);
  });

  test('arm64 is cheaper everywhere, by about a fifth', () => {
    for (const { x86_64, arm64 } of Object.values(PRICES)) expect(arm64 / x86_64).toBeCloseTo(0.8, 2);
    expect(Object.keys(PRICES)).toHaveLength(22);
  });

  test.each(['us-east-9', '', 'constructor', '__proto__'])('%j is refused with what is allowed', (region) => {
    let thrown: unknown;
    try {
      pricesOf(region, 'region');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(AyciError);
    expect(thrown).toMatchObject({ code: 'bad-input' });
    expect(String(thrown)).toContain(`got ${JSON.stringify(region)}; expected one of af-south-1`);
    expect(String(thrown)).toContain('us-west-2');
  });
});
