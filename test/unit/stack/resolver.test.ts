import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { resolveTemplate } from '../../support/template.ts';

// The tests of the stack rest on test/support/template.ts: this is what it has to get right.
const folder = mkdtempSync(join(tmpdir(), 'ayci-template-'));
afterAll(() => rmSync(folder, { recursive: true }));

function resolve(text: string, given: Readonly<Record<string, string>> = {}) {
  const path = join(folder, 'template.yaml');
  writeFileSync(path, text);
  return resolveTemplate(path, given);
}

const HEAD = `
Parameters:
  Names: {Type: CommaDelimitedList, Default: 'a-b,c', AllowedPattern: '[a-z-]+'}
  Big: {Type: String, Default: 'no', AllowedValues: ['yes', 'no']}
  Days: {Type: Number, Default: 3, MinValue: 1, MaxValue: 5}
Conditions:
  IsBig: !Equals [!Ref Big, 'yes']
  IsSmall: !Not [!Condition IsBig]
Mappings:
  Sizes: {a-b: {Size: big}, c: {Size: small}}
`;

describe('resolveTemplate', () => {
  it('unrolls loops in loops, strips what a logical id cannot have, and replaces in keys and values', () => {
    const { resources } = resolve(`${HEAD}
Resources:
  Fn::ForEach::Outer:
    - Name
    - !Ref Names
    - Fn::ForEach::Inner:
        - Size
        - ['1', '2']
        - Made&{Name}Of\${Size}:
            Type: T
            Properties: {Whole: !Sub '\${Name}/\${Size}', Ref: !Ref Name, Map: !FindInMap [Sizes, !Ref Name, Size]}
`);
    expect(Object.keys(resources)).toEqual(['MadeabOf1', 'MadeabOf2', 'MadecOf1', 'MadecOf2']);
    expect(resources.MadeabOf2?.Properties).toEqual({ Whole: 'a-b/2', Ref: 'a-b', Map: 'big' });
  });

  it('evaluates functions within functions', () => {
    const { resources, outputs } = resolve(`${HEAD}
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub ['\${Start}-\${AWS::Region}', {Start: !Select [1, !Split ['-', !Select [0, !Ref Names]]]}]
      Days: !Ref Days
      List: [one, !If [IsBig, two, !Ref AWS::NoValue], !If [IsSmall, three, four]]
      Joined: !Join ['+', [x, !Ref Big]]
Outputs:
  Arn: {Value: !Sub '\${Bucket.Arn}/*'}
  Name: {Value: !Ref {Fn::Sub: Bucket}}
`);
    const made = { BucketName: 'b-eu-west-1', Days: 3, List: ['one', 'three'], Joined: 'x+no' };
    expect(resources.Bucket?.Properties).toEqual(made);
    expect(outputs).toEqual({ Arn: 'arn:aws:s3:::b-eu-west-1/*', Name: 'b-eu-west-1' });
  });

  it('leaves out a resource whose condition does not hold', () => {
    const text = `${HEAD}
Resources:
  One: {Type: T, Condition: IsBig, Properties: {}}
  Two: {Type: T, Condition: IsSmall, Properties: {}}
`;
    expect(Object.keys(resolve(text).resources)).toEqual(['Two']);
    expect(Object.keys(resolve(text, { Big: 'yes' }).resources)).toEqual(['One']);
  });

  const empty = `${HEAD}\nResources: {}\n`;
  it.each([
    ['an unknown parameter', empty, { Other: '1' }, 'the template has no parameter Other'],
    ['a value of a list that breaks its pattern', empty, { Names: 'a,B' }, 'parameter Names: B is not allowed'],
    ['a value that is none of the allowed', empty, { Big: 'maybe' }, 'parameter Big: maybe is not allowed'],
    ['a number out of range', empty, { Days: '6' }, 'parameter Days: 6 is not allowed'],
    ['a name that nothing has', `${HEAD}\nResources: {A: {Type: T, Properties: {X: !Ref Nobody}}}`, {}, 'Nobody'],
    [
      'a function it does not know',
      `${HEAD}\nResources: {A: {Type: T, Properties: {X: {Fn::Cidr: []}}}}`,
      {},
      'Fn::Cidr',
    ],
    [
      'two items that make one logical id',
      `${HEAD}\nResources: {'Fn::ForEach::L': [X, [a-b, ab], {'R&{X}': {Type: T, Properties: {}}}]}`,
      {},
      'the same key: Rab',
    ],
  ])('refuses %s', (_, text, given, message) => {
    expect(() => resolve(text, given)).toThrow(message);
  });
});
