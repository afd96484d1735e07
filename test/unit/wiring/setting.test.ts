import { describe, expect, it } from 'vitest';
import { readInputs } from '../../../src/inputs/read.ts';
import type { RawInputs } from '../../../src/inputs/table.ts';
import { type Surroundings, settle } from '../../../src/wiring/setting.ts';

const PR = 'arn:aws:iam::123456789012:role/ayci-pr';
const BASE = 'arn:aws:iam::123456789012:role/ayci-base';
const S3 = 's3://models-bucket/ayci';
const placeOf = (name: string): string => `with: ${name}`;

function set(raw: RawInputs, around: Partial<Surroundings> = {}) {
  const inputs = readInputs({ model: 'm.onnx', ...raw }, placeOf);
  return settle(inputs, { env: {}, placeOf, onBase: false, inAction: false, withoutIdentity: false, ...around });
}

describe('where and as whom a run measures', () => {
  it('is this machine without a role, priced as us-east-1 unless the environment has a region', () => {
    expect(set({})).toMatchObject({ target: 'local', role: null, region: 'us-east-1' });
    expect(set({}, { env: { AWS_REGION: 'eu-west-1' } }).region).toBe('eu-west-1');
    expect(set({}, { env: { AWS_DEFAULT_REGION: 'eu-west-2' } }).region).toBe('eu-west-2');
    expect(set({ 'aws-region': 'us-west-2' }, { env: { AWS_REGION: 'eu-west-1' } }).region).toBe('us-west-2');
  });

  it('is Lambda with one, and the other role on the base branch alone', () => {
    const raw = { archive: S3, 'role-to-assume': PR, 'baseline-role-to-assume': BASE, 'aws-region': 'eu-west-1' };
    expect(set(raw)).toMatchObject({ target: 'lambda', role: PR });
    expect(set(raw, { onBase: true })).toMatchObject({ target: 'lambda', role: BASE });
    const { 'role-to-assume': _, ...onlyBase } = raw;
    expect(set(onlyBase)).toMatchObject({ target: 'local', role: null });
    expect(set(onlyBase, { onBase: true })).toMatchObject({ target: 'lambda', role: BASE });
  });

  it('is this machine for pull requests that get no identity, with a word on it and no bucket', () => {
    const raw = { archive: S3, 'role-to-assume': PR, 'aws-region': 'eu-west-1' };
    const setting = set(raw, { withoutIdentity: true });
    expect(setting).toMatchObject({ target: 'local', role: null, archive: { kind: 'folder', path: '.ayci' } });
    expect(setting.notes.join()).toContain('forks');
    expect(set({ ...raw, target: 'lambda' }, { withoutIdentity: true })).toMatchObject({ target: 'lambda', role: PR });
  });

  it.each([
    [
      'Lambda with a folder',
      { target: 'lambda', 'aws-region': 'eu-west-1' },
      'with: archive: runtimes on Lambda cannot read what is kept here',
    ],
    ['Lambda without a region', { target: 'lambda', archive: S3 }, 'with: aws-region: is missing'],
    ['a bucket without a region', { archive: S3 }, 'with: aws-region: is missing'],
  ] as const)('refuses %s', (_, raw, message) => {
    expect(() => set(raw)).toThrow(message);
  });

  it('refuses a malformed region of the environment', () => {
    expect(() => set({}, { env: { AWS_REGION: 'eu west' } })).toThrow(
      'AWS_REGION: is not an AWS region, got "eu west"',
    );
  });
});
