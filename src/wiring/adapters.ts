import { fileURLToPath } from 'node:url';
import { folderArchive } from '../archive/folder.ts';
import type { CredentialsProvider } from '../credentials/index.ts';
import type { GithubContext } from '../github/context.ts';
import type { ArchiveStore, Logger, Target } from '../ports.ts';
import type { Inputs } from '../types/inputs.ts';
import { cacheFolder, type Environment, type Outside, systemClock } from './outside.ts';
import type { Setting } from './setting.ts';

/** Folder of the runtimes, seen from an entry: the same in `src` and in `dist`. */
export function runtimesFolder(entry: string): string {
  return fileURLToPath(new URL('../runtimes/', entry));
}

/** The embedded Lambda with AWS's own client in front; neither is loaded before it is needed. */
export async function localTarget(outside: Outside): Promise<Target> {
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

/** The archive: a folder, or a prefix of a bucket. */
export async function archiveStore(
  setting: Setting,
  outside: Outside,
  credentials: CredentialsProvider | undefined,
): Promise<ArchiveStore> {
  const { archive } = setting;
  if (archive.kind === 'folder') return folderArchive(archive.path);
  if (archive.kind === 'github') return folderArchive('.ayci');
  const { createS3Archive } = await import('../archive/s3/index.ts');
  return createS3Archive({
    bucket: archive.bucket,
    prefix: archive.prefix,
    region: setting.region,
    endpoint: endpointOf(outside.env),
    ...(credentials === undefined ? {} : { credentials }),
    logger: outside.logger,
    placeOf: outside.placeOf,
  });
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
