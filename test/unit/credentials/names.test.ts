import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRoleArn, sessionName } from '../../../src/credentials/index.ts';
import { shown } from '../../../src/credentials/shown.ts';
import { AyciError } from '../../../src/errors.ts';

describe('session names', () => {
  it('tell repository, run and attempt', () => {
    expect(sessionName('octo-org/detector.v2', '19000000001', '2')).toBe('octo-org=detector.v2@19000000001.2');
  });

  it('keep run and attempt where the repository is too long, and differ where its cut end does', () => {
    const [one, other] = ['a', 'b'].map((end) => sessionName(`octo-org/${'x'.repeat(90)}${end}`, '19000000001', '12'));
    expect(one).toHaveLength(64);
    expect(one).toMatch(/^octo-org=x+\+[0-9a-f]{8}@19000000001\.12$/);
    expect(other).not.toBe(one);
  });

  it('are legal whatever they are made of', () => {
    const any = fc.string({ unit: 'binary', maxLength: 200 });
    fc.assert(
      fc.property(any, any, any, (repository, run, attempt) => {
        const name = sessionName(repository, run, attempt);
        expect(name).toMatch(/^[A-Za-z0-9_+=,.@-]{2,64}$/);
      }),
    );
  });
});

describe('role ARNs', () => {
  it.each([
    ['arn:aws:iam::123456789012:role/ayci-pull-request-22', 'aws', 'ayci-pull-request-22'],
    ['arn:aws-cn:iam::123456789012:role/teams/ml/ayci', 'aws-cn', 'ayci'],
    ['arn:aws-us-gov:iam::123456789012:role/a+b=c,d.e@f_g-h', 'aws-us-gov', 'a+b=c,d.e@f_g-h'],
  ])('%s is one', (arn, partition, name) => {
    expect(parseRoleArn(arn)).toEqual({ arn, partition, account: '123456789012', name });
  });

  it.each([
    ['nothing', ''],
    ['a name alone', 'ayci'],
    ['an account of eleven digits', 'arn:aws:iam::12345678901:role/ayci'],
    ['no account', 'arn:aws:iam:::role/ayci'],
    ['a user', 'arn:aws:iam::123456789012:user/ayci'],
    ['no name', 'arn:aws:iam::123456789012:role/'],
    ['an empty part of the path', 'arn:aws:iam::123456789012:role//ayci'],
    ['a session', 'arn:aws:sts::123456789012:assumed-role/ayci/x'],
    ['an unknown partition', 'arn:aws-x:iam::123456789012:role/ayci'],
    ['a space behind', 'arn:aws:iam::123456789012:role/ayci '],
    ['a line break behind', 'arn:aws:iam::123456789012:role/ayci\n'],
    ['a control character', 'arn:aws:iam::123456789012:role/a\u0000b'],
    ['too long a name', `arn:aws:iam::123456789012:role/${'a'.repeat(65)}`],
    ['a very long path', `arn:aws:iam::123456789012:role/${'a/'.repeat(50_000)}!`],
  ])('%s is none', (_, written) => {
    let thrown: unknown;
    try {
      parseRoleArn(written, 'baseline-role-to-assume');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(AyciError);
    const { code, message } = thrown as AyciError;
    expect(code).toBe('bad-input');
    expect(message).toMatch(/^baseline-role-to-assume: not the ARN of an IAM role, got ".*; expected arn:aws:iam::/);
    expect(message).toMatch(/^[ -~…]{1,400}$/);
  });
});

describe('text from outside', () => {
  it('is one line of printable ASCII, whatever it holds', () => {
    expect(shown('a"b\n\u001b[31m\u202e\u0085é')).toBe('"a\\"b\\n\\u001b[31m\\u202e\\u0085\\u00e9"');
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        expect(shown(text)).toMatch(/^"[ -~]*…?"$/);
        if (text.length <= 200) expect(JSON.parse(shown(text))).toBe(text);
      }),
    );
  });
});
