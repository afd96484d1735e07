import { fileURLToPath } from 'node:url';
import { folderArchive } from '../archive/folder.ts';
import type { CredentialsProvider } from '../credentials/index.ts';
import type { GithubContext } from '../github/context.ts';
import type { ArchiveStore, Logger, Target } from '../ports.ts';
import type { Inputs } from '../types/inputs.ts';
import { cacheFolder, type Environment, type Outside, systemClock } from './outside.ts';
import { ownRequirements } from './requirements.ts';
import type { Setting } from './setting.ts';

/** Folder of the runtimes, seen from an entry: the same in `src` and in `dist`. */
export function runtimesFolder(entry: string): string {
  return fileURLToPath(new URL('../runtimes/', entry));
}

/** The embedded Lambda with AWS's own client in front; neither is loaded before it is needed. */
export async function localTarget(outside: Outside, requirements: string | null): Promise<Target> {
  const { env, logger } = outside;
  const { createLocalTarget } = await import('../target/local/index.ts');
  const image = env.ImageOS === undefined ? null : `${env.ImageOS} ${env.ImageVersion ?? ''}`.trim();
  return createLocalTarget({
    runtimesDir: runtimesFolder(outside.entry),
    cacheDir: cacheFolder(env),
    python: env.AYCI_PYTHON ?? null,
    path: env.PATH ?? '',
    env: Object.fromEntries(
      Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
    own: await ownRequirements(requirements, outside),
    region: 'us-east-1',
    image,
    logger,
    invokerFactory: async (options) => (await import('../target/lambda/invoke.ts')).createInvoker(options),
  });
}

/** The role's credentials through GitHub's OIDC; undefined: the SDK's own chain over the environment. */
export async function credentialsOf(
  setting: Setting,
  outside: Outside,
  github: GithubContext,
): Promise<CredentialsProvider | undefined> {
  if (setting.role === null) return undefined;
  const { oidcCredentials, sessionName } = await import('../credentials/index.ts');
  const { idTokenOf, maskSecret } = await import('../github/identity.ts');
  const { env, placeOf } = outside;
  return oidcCredentials({
    roleArn: setting.role,
    place: placeOf(setting.roleInput),
    region: setting.region,
    sessionName: sessionName(github.repository ?? 'local', env.GITHUB_RUN_ID ?? '0', github.runAttempt ?? '1'),
    idToken: idTokenOf(env),
    origin: github.origin,
    mask: maskSecret,
    clock: systemClock,
  });
}

/** The archive of a run, and what keeps it. */
export interface OpenArchive {
  readonly store: ArchiveStore;
  /** Keeps what is new, where the archive does not do so by itself. */
  save(): Promise<void>;
  /** The target, with what the archive keeps of its environments. */
  around(target: Target): Target;
}

const BY_ITSELF = { save: async () => undefined, around: (target: Target) => target };

/** Opens the archive: a folder, a prefix of a bucket, or the cache of GitHub Actions. */
export async function openArchive(
  setting: Setting,
  outside: Outside,
  github: GithubContext,
  credentials: CredentialsProvider | undefined,
): Promise<OpenArchive> {
  const { archive, region } = setting;
  const { env, logger, placeOf } = outside;
  if (archive.kind === 'folder') return { store: folderArchive(archive.path), ...BY_ITSELF };
  if (archive.kind === 's3') {
    const { createS3Archive } = await import('../archive/s3/index.ts');
    const { bucket, prefix } = archive;
    const own = credentials === undefined ? {} : { credentials };
    const store = createS3Archive({ bucket, prefix, region, endpoint: endpointOf(env), ...own, logger, placeOf });
    return { store, ...BY_ITSELF };
  }
  const { githubArchive, withEnvironments } = await import('../github/cache/index.ts');
  const [cacheDir, runtimesDir] = [cacheFolder(env), runtimesFolder(outside.entry)];
  const cached = await githubArchive({
    ...{ env, scope: github.scope, logger, cacheDir, runtimesDir },
    ...(outside.pull ? { pull: outside.pull.number } : {}),
  });
  await cached.restore();
  return {
    store: cached.store,
    async save() {
      await cached.save();
      await cached.environments.save();
    },
    around: (target) => withEnvironments(target, cached.environments),
  };
}

function endpointOf(env: Environment): string | null {
  const endpoint = env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL;
  return endpoint === undefined || endpoint === '' ? null : endpoint;
}

/** The runtimes that are deployed on Lambda. */
export async function lambdaTarget(
  inputs: Inputs,
  setting: Setting,
  outside: { readonly logger: Logger; readonly signal: AbortSignal },
  credentials: CredentialsProvider | undefined,
): Promise<Target> {
  const { createLambdaTarget } = await import('../target/lambda/index.ts');
  return createLambdaTarget({
    region: setting.region,
    stack: inputs.stack,
    ...(credentials === undefined ? {} : { credentials }),
    logger: outside.logger,
    signal: outside.signal,
  });
}
