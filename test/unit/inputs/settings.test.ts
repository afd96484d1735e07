import { describe, expect, it } from 'vitest';
import { readSettings } from '../../../src/inputs/settings.ts';
import type { RawInputs } from '../../../src/inputs/table.ts';

const read = (raw: RawInputs) => readSettings(raw, (name) => `with: ${name}`);

describe('settings of what is said on GitHub', () => {
  it('comment always, under the tag ayci, with the head’s configuration and an artifact', () => {
    expect(read({})).toEqual({
      config: null,
      gateConfig: 'head',
      comment: 'always',
      commentTag: 'ayci',
      requestsPerMonth: null,
      artifact: true,
      pullRequest: null,
    });
  });

  it('take what is given, and hold no token', () => {
    const given = {
      config: '.github/ayci.yml',
      'requests-per-month': '2000000',
      artifact: 'no',
      'github-token': 'ghs_x',
    };
    expect(read(given)).toMatchObject({ config: '.github/ayci.yml', requestsPerMonth: 2_000_000, artifact: false });
    expect(JSON.stringify(read(given))).not.toContain('ghs_x');
  });

  it.each([
    [{ comment: 'sometimes' }, 'with: comment: is not known, got "sometimes"; expected always, changes or never'],
    [{ 'comment-tag': 'a b' }, 'with: comment-tag: is not a tag, got "a b"'],
    [{ 'comment-tag': '-->' }, 'with: comment-tag: is not a tag'],
    [{ 'gate-config': 'main' }, 'with: gate-config: is not known'],
    [{ 'requests-per-month': '1e6' }, 'with: requests-per-month: is not a whole number'],
    [{ artifact: 'maybe' }, 'with: artifact: is not known'],
  ])('refuse %j', (raw, message) => {
    expect(() => read(raw)).toThrow(message);
  });
});
