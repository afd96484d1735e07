import { RefusedModel } from '../facts.ts';

export const SERVING_DEFAULT = 'serving_default';

function list(names: readonly string[]): string {
  const shown = names.slice(0, 10).map((name) => JSON.stringify(name.slice(0, 100)));
  return `${shown.join(', ')}${names.length > 10 ? ` and ${names.length - 10} more` : ''}`;
}

/** The signature that is served where none was asked for: `serving_default`, or the only one; null: there is no such. */
export function defaultSignature(names: readonly string[]): string | null {
  if (names.includes(SERVING_DEFAULT)) return SERVING_DEFAULT;
  const [only = null, ...others] = names;
  return others.length === 0 ? only : null;
}

/**
 * The signature that is served.
 * @param asked of the user; null: none
 * @throws RefusedModel that lists those that there are
 */
export function chosenSignature(names: readonly string[], asked: string | null): string {
  if (names.length === 0) {
    throw new RefusedModel(
      'has no signatures; expected serving_default',
      "Save it by Keras's model.export(folder), or by tf.saved_model.save(module, folder, signatures=module.function).",
    );
  }
  if (asked !== null) {
    if (names.includes(asked)) return asked;
    throw new RefusedModel(
      `has no signature ${JSON.stringify(asked)}; it has ${list(names)}`,
      'Name one of them as signature.',
    );
  }
  const chosen = defaultSignature(names);
  if (chosen !== null) return chosen;
  throw new RefusedModel(
    `has several signatures, none of them ${SERVING_DEFAULT}: ${list(names)}`,
    'Choose one: --signature NAME (in a workflow: with: signature).',
  );
}
