import * as v from 'valibot';
import { Refusal } from './refusal.ts';

/** Who a runtime token speaks for, and the caches that it may see. */
export interface Caller {
  readonly run: string;
  readonly job: string;
  /** Refs whose caches are read, in order; the first one's are written. */
  readonly scopes: readonly string[];
  readonly readOnly: boolean;
}

const READ = 1;
const WRITE = 2;
const SCOPE = v.array(v.strictObject({ Scope: v.string(), Permission: v.number() }));
const CLAIMS = v.object({ scp: v.string(), ac: v.pipe(v.string(), v.parseJson(), SCOPE) });

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** An unsigned token with the claims of GitHub's. */
export function tokenFor({ run, job, scopes, readOnly }: Caller): string {
  const ac = scopes.map((scope, at) => ({ Scope: scope, Permission: at === 0 && !readOnly ? READ | WRITE : READ }));
  const scp = `Actions.GenericRead:0 Actions.Results:${run}:${job} Actions.UploadArtifacts:0/1:Build/Build/1`;
  return `${part({ alg: 'none', typ: 'JWT' })}.${part({ scp, ac: JSON.stringify(ac) })}.`;
}

/** @throws Refusal where nobody is named */
export function callerOf(authorization: string | undefined): Caller {
  const [, claims] = /^Bearer [\w-]+\.([\w-]+)\.$/.exec(authorization ?? '') ?? [];
  if (claims === undefined) throw new Refusal(401, 'unauthenticated', 'no runtime token');
  const { scp, ac } = v.parse(CLAIMS, JSON.parse(Buffer.from(claims, 'base64url').toString()));
  const [, run, job] = /(?:^| )Actions\.Results:([^: ]+):([^: ]+)(?: |$)/.exec(scp) ?? [];
  if (run === undefined || job === undefined) throw new Refusal(401, 'unauthenticated', 'the token names no job');
  const readOnly = !ac.some(({ Permission }) => (Permission & WRITE) !== 0);
  return { run, job, scopes: ac.map(({ Scope }) => Scope), readOnly };
}
