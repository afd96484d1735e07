import { describe, expect, it } from 'vitest';
import { readInputs } from '../../../src/inputs/read.ts';
import type { RawInputs } from '../../../src/inputs/table.ts';

const read = (raw: RawInputs) => readInputs({ model: 'm.onnx', ...raw }, (name) => `--${name}`);

describe('inputs of AWS', () => {
  it.each(['arn:aws:iam::123456789012:role/ayci', 'arn:aws-us-gov:iam::123456789012:role/path/to/ayci'])(
    'takes the role %s',
    (role) => {
      expect(read({ 'role-to-assume': role }).role).toBe(role);
    },
  );

  it.each([
    'ayci',
    'arn:aws:iam::12345:role/a',
    'arn:aws:iam::123456789012:user/a',
    'arn:aws:iam::123456789012:role/',
    'arn:aws:iam::123456789012:role/a b',
  ])('refuses the role %j', (role) => {
    expect(() => read({ 'role-to-assume': role })).toThrow('--role-to-assume: is not the ARN of a role');
  });

  it.each(['', 'us-east', 'US-EAST-1', 'us-east-1\n', 'us_east_1', '../us-east-1'])(
    'refuses the region %j',
    (region) => {
      if (region.trim() === 'us-east-1') expect(read({ 'aws-region': region }).region).toBe('us-east-1');
      else expect(() => read({ 'aws-region': region })).toThrow('--aws-region: ');
    },
  );

  it.each(['0', '-1', '1e3', '1,5', 'ten', '10001', '2USD'])('refuses the amount %j', (amount) => {
    expect(() => read({ 'max-spend-usd': amount })).toThrow('--max-spend-usd: ');
  });

  it.each(['', 'a b', 'a/b', 'ä', 'a'.repeat(65)])('refuses the stack %j', (stack) => {
    expect(() => read({ stack })).toThrow('--stack: ');
  });

  it.each(['archive:', 'archive:-x', 'archive:a b', 'archive:a..b:c'])('refuses the baseline %j', (baseline) => {
    expect(() => read({ baseline })).toThrow('--baseline: ');
  });

  it('takes a branch of the history', () => {
    expect(read({ baseline: 'archive:release/1.x' }).baseline).toEqual({ kind: 'archive', branch: 'release/1.x' });
  });
});
