import { readFileSync } from 'node:fs';
import { type CollectionTag, parse, type ScalarTag, type Tags } from 'yaml';

/** A value of a template: JSON. */
export type Value = string | number | boolean | null | readonly Value[] | Fields;
export interface Fields {
  readonly [key: string]: Value;
}

export function isFields(value: Value | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const LOGIC = ['Condition', 'If', 'Equals', 'Not', 'And', 'Or'];
const SHORT_FORMS = [...LOGIC, 'Ref', 'Sub', 'Select', 'Split', 'Join', 'GetAtt', 'FindInMap'];

/** CloudFormation's short forms as long ones: `!Ref X` is `{Ref: X}`, `!GetAtt A.Arn` is `{Fn::GetAtt: [A, Arn]}`. */
export const CLOUDFORMATION_TAGS: Tags = SHORT_FORMS.flatMap((name) => {
  const key = name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`;
  const scalar: ScalarTag = {
    tag: `!${name}`,
    resolve: (text) => ({ [key]: name === 'GetAtt' ? text.split(/\.(.*)/s).slice(0, 2) : text }),
  };
  const collection = (kind: 'seq' | 'map'): CollectionTag => ({
    tag: `!${name}`,
    collection: kind,
    resolve: (node) => ({ [key]: node.toJSON() }) as never,
  });
  return [scalar, collection('seq'), collection('map')];
});

/** A template as it is written, short forms made long. */
export function readTemplate(path: string): Fields {
  return parse(readFileSync(path, 'utf8'), { customTags: CLOUDFORMATION_TAGS }) as Fields;
}

/** The item in the places of a loop's identifier: `${X}`, `&{X}` (letters and digits alone), `{Ref: X}`. */
function substitute(value: Value, identifier: string, item: string): Value {
  if (typeof value === 'string') {
    const bare = item.replaceAll(/[^0-9A-Za-z]/g, '');
    return value.replaceAll(`\${${identifier}}`, item).replaceAll(`&{${identifier}}`, bare);
  }
  if (Array.isArray(value)) return value.map((part: Value) => substitute(part, identifier, item));
  if (!isFields(value)) return value;
  if (value.Ref === identifier) return item;
  const pairs = Object.entries(value).map(([key, part]) => [
    substitute(key, identifier, item) as string,
    substitute(part, identifier, item),
  ]);
  return Object.fromEntries(pairs) as Fields;
}

/**
 * A template's part with its `Fn::ForEach` unrolled, as AWS::LanguageExtensions does it.
 * @param listOf the items of a collection that is not written out
 * @throws Error where two items make the same key
 */
export function unroll(part: Value, listOf: (collection: Value) => readonly string[]): Value {
  if (Array.isArray(part)) return part.map((item: Value) => unroll(item, listOf));
  if (!isFields(part)) return part;
  const out: Record<string, Value> = {};
  const put = (key: string, value: Value): void => {
    if (Object.hasOwn(out, key)) throw new Error(`two of the loop's items make the same key: ${key}`);
    out[key] = value;
  };
  for (const [key, value] of Object.entries(part)) {
    if (!key.startsWith('Fn::ForEach::')) {
      put(key, unroll(value, listOf));
      continue;
    }
    const [identifier, collection, body] = value as readonly [string, Value, Fields];
    for (const item of listOf(collection)) {
      const copy = unroll(substitute(body, identifier, item), listOf) as Fields;
      for (const [inner, made] of Object.entries(copy)) put(inner, made);
    }
  }
  return out;
}
