import { RefusedModel } from '../facts.ts';

/** Those whose operators the runtimes have; '' is ai.onnx. Theirs: `DOMAINS` of `onnx_check.py`, the same. */
export const DOMAINS: readonly string[] = ['', 'ai.onnx', 'ai.onnx.ml', 'com.microsoft'];

export interface Operator {
  readonly domain: string;
  readonly type: string;
}

/** One text for one operator, whatever its names hold. */
export function keyOfOperator({ domain, type }: Operator): string {
  return JSON.stringify([domain, type]);
}

/**
 * @param called operators, by their keys
 * @param functions keys of what the model itself defines
 * @throws RefusedModel for one that neither it nor a runtime has
 */
export function checkDomains(called: ReadonlyMap<string, Operator>, functions: ReadonlySet<string>): void {
  for (const [key, { domain, type }] of called) {
    if (DOMAINS.includes(domain) || functions.has(key)) continue;
    const shown = [type, domain].map((name) => JSON.stringify(name.slice(0, 100)));
    const known = DOMAINS.filter((name) => name !== '').join(', ');
    throw new RefusedModel(
      `calls operator ${shown[0]}, got domain ${shown[1]}; expected ${known}, or a function of the model`,
      'AYCI loads no custom operators: export the model without them.',
    );
  }
}
