import { runCommand } from './command.ts';

/** PyTorch's own index has the builds for CPUs, whose versions end in `+cpu`; the package index has those for CUDA. */
const PYTORCH_CPU = 'https://download.pytorch.org/whl/cpu';

/** Settings that say where packages come from: who has made them is asked nothing further. */
const PIP = /\b(?:index-url|extra-index-url|find-links|no-index)\b/;
const VARIABLES = /^(?:PIP|UV)_(?:INDEX|DEFAULT_INDEX|INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX)$/;

/**
 * Further arguments of pip or uv with which locked packages are found that the package index does not have. Hashes are
 * checked wherever a package comes from.
 * @param python whose pip is asked for its settings
 */
export async function furtherIndexes(
  requirements: readonly (Buffer | string)[],
  python: string | null,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (!requirements.some((text) => /^\S+==\S+\+cpu\b/m.test(text.toString()))) return [];
  if (Object.keys(env).some((name) => VARIABLES.test(name))) return [];
  if (python !== null) {
    const { said } = await runCommand(python, ['-I', '-m', 'pip', 'config', 'list'], env, signal);
    if (PIP.test(said)) return [];
  }
  return ['--extra-index-url', PYTORCH_CPU];
}
