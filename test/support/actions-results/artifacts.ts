import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import type { Method } from '../actions-results.ts';
import type { Azurite } from '../azurite.ts';
import { Refusal } from './refusal.ts';
import type { Caller } from './token.ts';

export interface Artifact {
  readonly id: number;
  readonly run: string;
  readonly name: string;
  readonly mimeType: string | null;
  readonly expiresAt: string | null;
  readonly blob: string;
  /** Null until it is whole. */
  readonly size: number | null;
  readonly hash: string | null;
  /** Where its bytes are, for an hour. */
  readonly url: string;
}

const NAME = v.pipe(v.string(), v.regex(/^[^":<>|*?\r\n\\/]{1,256}$/));
const IDS = { workflow_run_backend_id: v.string(), workflow_job_run_backend_id: v.string() };
const CREATE = v.strictObject({
  ...IDS,
  name: NAME,
  expires_at: v.optional(v.string()),
  version: v.literal(7),
  mime_type: v.optional(v.string()),
});
const FINALIZE = v.strictObject({
  ...IDS,
  name: NAME,
  size: v.pipe(v.string(), v.digits()),
  hash: v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/)),
});
const LIST = v.strictObject({ ...IDS, name_filter: v.optional(v.string()), id_filter: v.optional(v.string()) });
const URL_OF = v.strictObject({ ...IDS, name: NAME });

/** The artifact service: immutable, names unique in a run. */
export function artifactMethods(azurite: Azurite) {
  const kept: Artifact[] = [];

  function mine(request: { readonly workflow_run_backend_id: string }, caller: Caller): Artifact[] {
    if (request.workflow_run_backend_id !== caller.run) {
      throw new Refusal(403, 'permission_denied', 'the token is of another run');
    }
    return kept.filter((one) => one.run === caller.run);
  }

  function named(name: string, among: readonly Artifact[]): Artifact {
    const found = among.find((one) => one.name === name);
    if (found === undefined) throw new Refusal(404, 'not_found', `no artifact ${name}`);
    return found;
  }

  const methods: ReadonlyArray<readonly [string, Method]> = [
    [
      'ArtifactService/CreateArtifact',
      (body, caller) => {
        const request = v.parse(CREATE, body);
        if (mine(request, caller).some((one) => one.name === request.name)) {
          throw new Refusal(409, 'already_exists', 'an artifact with this name already exists on the workflow run');
        }
        const [id, blob] = [kept.length + 1, randomUUID()];
        const { name, mime_type: mimeType = null, expires_at: expiresAt = null } = request;
        const url = azurite.sign(blob, 'r');
        kept.push({ id, run: caller.run, name, mimeType, expiresAt, blob, size: null, hash: null, url });
        return { ok: true, signed_upload_url: azurite.sign(blob, 'cw') };
      },
    ],
    [
      'ArtifactService/FinalizeArtifact',
      (body, caller) => {
        const request = v.parse(FINALIZE, body);
        const found = named(request.name, mine(request, caller));
        kept[kept.indexOf(found)] = { ...found, size: Number(request.size), hash: request.hash };
        return { ok: true, artifact_id: String(found.id) };
      },
    ],
    [
      'ArtifactService/ListArtifacts',
      (body, caller) => {
        const request = v.parse(LIST, body);
        const found = mine(request, caller).filter(
          (one) =>
            one.size !== null &&
            (request.name_filter ?? one.name) === one.name &&
            (request.id_filter ?? String(one.id)) === String(one.id),
        );
        return {
          artifacts: found.map(({ id, name, size, hash }) => ({
            ...{ workflow_run_backend_id: caller.run, workflow_job_run_backend_id: caller.job },
            ...{ database_id: String(id), name, size: String(size), digest: hash },
          })),
        };
      },
    ],
    [
      'ArtifactService/GetSignedArtifactURL',
      (body, caller) => {
        const request = v.parse(URL_OF, body);
        return { signed_url: named(request.name, mine(request, caller)).url };
      },
    ],
  ];
  return { methods, kept: kept as readonly Artifact[] };
}
