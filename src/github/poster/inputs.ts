import { AyciError } from '../../errors.ts';
import { COMMENT_MODES, type CommentMode } from '../../inputs/settings.ts';
import { didYouMean } from '../../inputs/suggest.ts';
import { parseChoice, parseInteger, quoted, refuse, type Written } from '../../inputs/values.ts';

/** The inputs of comment/action.yml; a test compares the two. */
export const POSTER_INPUTS = [
  {
    name: 'github-token',
    default: `\${{ github.token }}`,
    allowed: "the job's token",
    doc: 'Reads the artifacts (needs `actions: read`) and posts the comment (needs `pull-requests: write`).',
  },
  {
    name: 'artifact',
    default: 'ayci-report*',
    allowed: 'the name of an artifact, * for any text',
    doc: "Which of the run's artifacts are reports of AYCI; `*` stands for any text.",
  },
  {
    name: 'expected',
    default: '',
    allowed: 'at most 256 legs (comma-separated, or a line each)',
    doc: "The legs that should have left a report, comma-separated or a line each; one that did not is named in the comment and fails the job. A leg is named by what tells it from the others: its job, the end of its artifact's name, a model's path, a hardware, an optimizer, or several of the last three with spaces between.",
  },
  {
    name: 'comment',
    default: 'always',
    allowed: COMMENT_MODES.join(', '),
    doc: 'Whether a pull request gets a comment: `always` one, edited in place; `changes`: only where something changed; `never`.',
  },
  {
    name: 'comment-tag',
    default: 'ayci',
    allowed: 'at most 64 letters, digits, dots, dashes and underscores',
    doc: 'One comment per tag: the same as where the models are measured, unless both post.',
  },
  {
    name: 'requests-per-month',
    default: '',
    allowed: 'a whole number from 1 to 1000000000000',
    doc: 'Inferences a month: the comment then says what they cost.',
  },
] as const;

type Name = (typeof POSTER_INPUTS)[number]['name'];

export interface PosterSettings {
  readonly token: string;
  readonly artifact: string;
  readonly expected: readonly string[];
  readonly comment: CommentMode;
  readonly commentTag: string;
  readonly requestsPerMonth: number | null;
}

const PREFIX = 'INPUT_';
const MOST_LEGS = 256;

function given(env: Readonly<Record<string, string | undefined>>): ReadonlyMap<Name, string> {
  const found = new Map<Name, string>();
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || value === undefined || value.trim() === '') continue;
    const written = variable.slice(PREFIX.length).toLowerCase();
    const input = POSTER_INPUTS.find(({ name }) => name === written);
    if (input === undefined) {
      const names = POSTER_INPUTS.map(({ name }) => name);
      const hint = didYouMean(written, names) || `It has: ${names.join(', ')}.`;
      throw new AyciError('bad-input', `with: ${quoted(written)} is not an input of this action`, { hint });
    }
    found.set(input.name, value.trim());
  }
  return found;
}

function legs(written: Written): readonly string[] {
  const items = written.value.split(/[,\n]/).map((item) => item.trim().replace(/\s+/g, ' '));
  const named = [...new Set(items.filter((item) => item !== ''))];
  if (named.length > MOST_LEGS || named.some((item) => item.length > 200)) throw refuse(written, 'is too long');
  return named;
}

/**
 * The sub-action's inputs from the environment, where an empty one counts as not given.
 * @throws AyciError `bad-input`, naming the input, the value and what is allowed
 */
export function readPosterInputs(env: Readonly<Record<string, string | undefined>>): PosterSettings {
  const all = given(env);
  const written = (name: Name): Written => {
    const input = POSTER_INPUTS.find((one) => one.name === name);
    const preset = input === undefined || name === 'github-token' ? '' : input.default;
    return { place: `with: ${name}`, value: all.get(name) ?? preset, allowed: input?.allowed ?? '' };
  };
  const token = written('github-token');
  if (token.value === '') throw refuse(token, 'is missing or empty');
  const artifact = written('artifact');
  if (!/^[^"<>|?\r\n\\/]{1,250}$/.test(artifact.value)) throw refuse(artifact, 'is not a name of an artifact');
  const tag = written('comment-tag');
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(tag.value)) throw refuse(tag, 'is not a tag');
  const requests = written('requests-per-month');
  return {
    token: token.value,
    artifact: artifact.value,
    expected: legs(written('expected')),
    comment: parseChoice(written('comment'), COMMENT_MODES),
    commentTag: tag.value,
    requestsPerMonth: requests.value === '' ? null : parseInteger(requests, 1, 1e12),
  };
}
