import type { Model, Signature, TensorSignature } from '../types/model.ts';

/** `1.24 M`. */
function many(count: number): string {
  const [unit, name] = count >= 1e9 ? [1e9, ' G'] : count >= 1e6 ? [1e6, ' M'] : count >= 1e3 ? [1e3, ' k'] : [1, ''];
  return `${Number((count / unit).toPrecision(3))}${name}`;
}

function parameterChange(before: number, after: number): readonly string[] {
  if (before === after) return [];
  const by = before === 0 ? '' : ` (${after > before ? '+' : '−'}${Math.abs((after / before - 1) * 100).toFixed(1)} %)`;
  return [`parameters ${many(before)} → ${many(after)}${by}`];
}

function opsetChanges(before: Model['opsets'], after: Model['opsets']): readonly string[] {
  const domains = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return domains.flatMap((domain) => {
    const [was, is] = [before[domain], after[domain]];
    if (was === is) return [];
    const name = domain === '' ? 'opset' : `opset of ${domain}`;
    return [`${name} ${was ?? 'none'} → ${is ?? 'none'}`];
  });
}

function typeOf({ dtype, dims }: TensorSignature): string {
  return `${dtype ?? 'any type'} [${dims?.map((dim) => dim ?? '?').join(', ') ?? '…'}]`;
}

function inputChanges(before: Signature['inputs'], after: Signature['inputs']): readonly string[] {
  const was = new Map(before.map((input) => [input.name, typeOf(input)]));
  const is = new Map(after.map((input) => [input.name, typeOf(input)]));
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((name) => {
    const [old, now] = [was.get(name), is.get(name)];
    if (old === now) return [];
    if (old === undefined) return [`new input ${name} ${now}`];
    return [now === undefined ? `no input ${name} any more` : `input ${name} ${old} → ${now}`];
  });
}

function outputChanges(before: Signature['outputs'], after: Signature['outputs']): readonly string[] {
  const gone = before.filter((name) => !after.includes(name)).map((name) => `no output ${name} any more`);
  return [...after.filter((name) => !before.includes(name)).map((name) => `new output ${name}`), ...gone];
}

/** What is known of a change without measuring, in words: weights, operator sets, inputs and outputs; empty: nothing. */
export function modelChanges(candidate: Model, baseline: Model | null): readonly string[] {
  if (baseline === null) return [];
  return [
    ...parameterChange(baseline.parameters, candidate.parameters),
    ...opsetChanges(baseline.opsets, candidate.opsets),
    ...inputChanges(baseline.signature.inputs, candidate.signature.inputs),
    ...outputChanges(baseline.signature.outputs, candidate.signature.outputs),
  ];
}
