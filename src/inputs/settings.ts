import { definitionOf, type InputName, type RawInputs } from './table.ts';
import { parseChoice, parseInteger, refuse, type Written } from './values.ts';

export const COMMENT_MODES = ['always', 'changes', 'never'] as const;
export type CommentMode = (typeof COMMENT_MODES)[number];

/** What a run says on GitHub, and where its models are listed. The token is no part of it: it is a secret. */
export interface Settings {
  /** Path of the configuration of several models, or null. */
  readonly config: string | null;
  readonly gateConfig: 'head' | 'base';
  readonly comment: CommentMode;
  readonly commentTag: string;
  readonly requestsPerMonth: number | null;
  readonly artifact: boolean;
  /** The pull request whose models are measured as data; null: what is checked out. */
  readonly pullRequest: number | null;
}

/**
 * Checks what a user wrote of them.
 * @throws AyciError `bad-input`, naming the place, the value and what is allowed
 */
export function readSettings(raw: RawInputs, placeOf: (name: InputName) => string): Settings {
  const written = (name: InputName): Written => {
    const { default: preset, allowed } = definitionOf(name);
    return { place: placeOf(name), value: raw[name] ?? preset ?? '', allowed };
  };
  const tag = written('comment-tag');
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(tag.value.trim())) throw refuse(tag, 'is not a tag');
  const requests = written('requests-per-month');
  const pull = written('pull-request');
  return {
    config: raw.config?.trim() || null,
    gateConfig: parseChoice(written('gate-config'), ['head', 'base']),
    comment: parseChoice(written('comment'), COMMENT_MODES),
    commentTag: tag.value.trim(),
    requestsPerMonth: requests.value === '' ? null : parseInteger(requests, 1, 1e12),
    pullRequest: pull.value === '' ? null : parseInteger(pull, 1, 1e9),
    artifact: parseChoice(written('artifact'), ['yes', 'no']) === 'yes',
  };
}
