import { AyciError } from '../errors.ts';
import { parseRegion } from '../inputs/aws.ts';
import type { ArchivePlace, Inputs, RoleArn } from '../types/inputs.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where and as whom a run measures and keeps. */
export interface Setting {
  readonly target: 'local' | 'lambda';
  readonly archive: ArchivePlace;
  /** Null where the environment's own credentials are used, or none. */
  readonly role: RoleArn | null;
  /** The input that named it. */
  readonly roleInput: 'role-to-assume' | 'baseline-role-to-assume';
  readonly region: string;
  readonly notes: readonly string[];
}

/** What of the run's surroundings the choice depends on. */
export interface Surroundings {
  readonly env: Environment;
  readonly placeOf: (input: string) => string;
  /** Whether the run is on the base branch. */
  readonly onBase: boolean;
  /** Whether the entry is the action. */
  readonly inAction: boolean;
  /** Whether it is one that GitHub gives no identity: a fork's or Dependabot's pull request. */
  readonly withoutIdentity: boolean;
}

const FOLDER: ArchivePlace = { kind: 'folder', path: '.ayci' };
const CACHE: ArchivePlace = { kind: 'github' };
const LOCAL_REGION = 'us-east-1';

function regionOf(inputs: Inputs, { env, placeOf }: Surroundings, needed: boolean): string {
  if (inputs.region !== null) return inputs.region;
  for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION']) {
    const value = env[name];
    if (value !== undefined && value !== '') return parseRegion({ place: name, value, allowed: 'an AWS region' });
  }
  if (!needed) return LOCAL_REGION;
  throw new AyciError(
    'bad-input',
    `${placeOf('aws-region')}: is missing; expected the region of the deployed runtimes`,
    {
      hint: 'Name it, or set AWS_REGION.',
    },
  );
}

/**
 * Chooses target, archive and role from what was asked for and where the run is.
 * @throws AyciError `bad-input` where they do not go together
 */
export function settle(inputs: Inputs, around: Surroundings): Setting {
  const { placeOf } = around;
  const roleInput = around.onBase && inputs.baselineRole !== null ? 'baseline-role-to-assume' : 'role-to-assume';
  const role = roleInput === 'role-to-assume' ? inputs.role : inputs.baselineRole;
  const archive = inputs.archive ?? (around.inAction ? CACHE : FOLDER);
  const asked = inputs.target === 'auto' ? (role === null ? 'local' : 'lambda') : inputs.target;
  if (asked === 'lambda' && inputs.target === 'auto' && around.withoutIdentity) {
    return {
      target: 'local',
      archive: archive.kind === 's3' ? (around.inAction ? CACHE : FOLDER) : archive,
      role: null,
      roleInput,
      region: regionOf(inputs, around, false),
      notes: [
        'GitHub gives pull requests of forks and of Dependabot no identity to take a role with: measured on the runner instead of Lambda.',
      ],
    };
  }
  if (asked === 'lambda' && archive.kind !== 's3') {
    const got = archive.kind === 'folder' ? JSON.stringify(archive.path) : archive.kind;
    throw new AyciError(
      'bad-input',
      `${placeOf('archive')}: runtimes on Lambda cannot read what is kept here, got ${got}; expected s3://<bucket>/<prefix>`,
      { hint: 'Name the bucket of the bootstrap stack: docs/aws.md.' },
    );
  }
  const region = regionOf(inputs, around, asked === 'lambda' || archive.kind === 's3');
  return { target: asked, archive, role, roleInput, region, notes: [] };
}
