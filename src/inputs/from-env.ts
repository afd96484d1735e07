import { AyciError } from '../errors.ts';
import { didYouMean } from './suggest.ts';
import { INPUT_NAMES, type InputName, type RawInputs } from './table.ts';
import { quoted } from './values.ts';

const PREFIX = 'INPUT_';

/**
 * The action's inputs as GitHub hands them over: `INPUT_MAX-MINUTES`. An empty one counts as not given, since GitHub
 * sets every input that action.yml lists.
 * @throws AyciError `bad-input` for an input that the action does not have
 */
export function fromEnvironment(env: Readonly<Record<string, string | undefined>>): RawInputs {
  const raw: Partial<Record<InputName, string>> = {};
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || value === undefined || value.trim() === '') continue;
    const written = variable.slice(PREFIX.length).toLowerCase();
    const name = INPUT_NAMES.find((known) => known === written);
    if (name === undefined) {
      const hint = didYouMean(written, INPUT_NAMES) || `It has: ${INPUT_NAMES.join(', ')}.`;
      throw new AyciError('bad-input', `with: ${quoted(written)} is not an input of this action`, { hint });
    }
    raw[name] = value.trim();
  }
  return raw;
}
