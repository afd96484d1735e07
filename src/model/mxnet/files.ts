import { AyciError } from '../../errors.ts';

export const SYMBOL = 'model-symbol.json';
export const PARAMS = 'model-0000.params';

const SYMBOL_END = '-symbol.json';
const PARAMS_END = /-(\d{4})\.params$/;

/** Whether a file's name is one of an MXNet model's. */
export function isMxnetName(name: string): boolean {
  return name.endsWith(SYMBOL_END) || name.endsWith('.params');
}

/** The names of a model's two files. */
export interface MxnetNames {
  readonly symbol: string;
  readonly params: string;
}

/**
 * The two files of a model, named by its symbol, its parameters or the part of the name that they share.
 * @param name as the user gave it, without its folder
 * @param names all files beside it
 * @throws AyciError `bad-input` that says which one is missing, or which epochs there are
 */
export function mxnetNames(name: string, names: readonly string[], place: string): MxnetNames {
  const refuse = (what: string, hint: string): AyciError => new AyciError('bad-input', `${place}: ${what}`, { hint });
  const epoch = PARAMS_END.exec(name)?.[1];
  if (name.endsWith('.params') && epoch === undefined)
    throw refuse(
      `${JSON.stringify(name)} has no epoch in its name; expected NAME-0000.params beside NAME${SYMBOL_END}`,
      'Export it by net.export("NAME") or mod.save_checkpoint("NAME", 0).',
    );
  const prefix = epoch === undefined ? name.replace(/-symbol\.json$/, '') : name.replace(PARAMS_END, '');
  const symbol = `${prefix}${SYMBOL_END}`;
  if (!names.includes(symbol))
    throw refuse(
      `${JSON.stringify(name)} has no symbol beside it; expected ${JSON.stringify(symbol)}`,
      'Put it there.',
    );
  const epochs = names
    .filter((one) => one.startsWith(`${prefix}-`) && PARAMS_END.exec(one)?.index === prefix.length)
    .sort();
  const shown = epochs
    .slice(-5)
    .map((one) => JSON.stringify(one))
    .join(', ');
  if (epoch !== undefined) {
    if (names.includes(name)) return { symbol, params: name };
    throw refuse(
      `there is no ${JSON.stringify(name)}; there is ${shown === '' ? 'no other epoch' : shown}`,
      'Name one that is there.',
    );
  }
  const [params, ...others] = epochs;
  if (params === undefined)
    throw refuse(
      `${JSON.stringify(symbol)} has no parameters beside it; expected ${JSON.stringify(`${prefix}-0000.params`)}`,
      'Put them there.',
    );
  if (others.length > 0)
    throw refuse(
      `${JSON.stringify(symbol)} has parameters of ${epochs.length} epochs beside it: ${epochs.length > 5 ? '…, ' : ''}${shown}`,
      'Name the file of one epoch as the model.',
    );
  return { symbol, params };
}
