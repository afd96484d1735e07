import refused from './refused-operators.json' with { type: 'json' };

const PATTERNS = Object.entries(refused.operators).map(
  ([names, reason]) => [new RegExp(`^${refused.gradient}(?:${names})$`), reason] as const,
);
const LIBRARY = new RegExp(refused.library);

/** Why AYCI does not run an operator, its gradient included; null for one that computes. */
export function reasonAgainst(op: string): string | null {
  return PATTERNS.find(([names]) => names.test(op))?.[1] ?? null;
}

/** Whether an attribute's value is a library to load. */
export function namesLibrary(attribute: string): boolean {
  return LIBRARY.test(attribute);
}
