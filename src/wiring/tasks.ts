import { githubContext, payloadOf } from '../github/context.ts';
import { readInputs } from '../inputs/read.ts';
import { readSettings } from '../inputs/settings.ts';
import type { RawInputs } from '../inputs/table.ts';
import type { Settings } from '../types/settings.ts';
import { type RunTask, taskOf } from '../types/task.ts';
import { type Outside, systemClock } from './outside.ts';

function taskFrom(settings: Settings, gateChanges: readonly string[]): RunTask {
  const { models, waivers, onlyChanged } = settings;
  return { models, waivers, onlyChanged, gateChanges };
}

/**
 * What a run has to do: one model by the inputs, or those of a configuration file. On a pull request the file is compared
 * with that of the base: what it loosens for itself is said, and with `gate-config: base` (and for forks always) it is
 * the base's that counts.
 * @throws AyciError `bad-input`
 */
export async function readTask(raw: RawInputs, outside: Outside): Promise<RunTask> {
  const { placeOf, env, logger } = outside;
  const { config, gateConfig } = readSettings(raw, placeOf);
  if (config === null) return taskOf(readInputs(raw, placeOf));
  const [{ readConfig }, { configFile, repositoryFiles }, { readTextFile }, { listedFiles }, { gateChanges }] =
    await Promise.all([
      import('../config/read.ts'),
      import('../config/files.ts'),
      import('../config/text-file.ts'),
      import('../config/paths.ts'),
      import('../config/changes.ts'),
    ]);
  const context = { today: systemClock.date().toISOString().slice(0, 10), outerPlace: placeOf };
  const named = configFile(config, placeOf('config'));
  const readHead = async () => {
    const text = await readTextFile(config, named);
    return readConfig(text, config, raw, repositoryFiles(process.cwd()), context);
  };
  const payload = payloadOf(env);
  const { origin } = githubContext(env);
  if (!('pull_request' in payload) || origin === 'outside') return taskFrom(await readHead(), []);
  const { baseFile } = await import('../github/base-file.ts');
  const { file: found, note } = await baseFile(named, env, payload, raw['github-token'] ?? null);
  const base =
    found === null
      ? null
      : await readConfig(found.text, `${config} of the base`, raw, listedFiles(found.files), context);
  const foreign = origin === 'fork' || origin === 'dependabot';
  if (base !== null && (gateConfig === 'base' || foreign)) return taskFrom(base, []);
  const head = await readHead();
  if (note === null) return taskFrom(head, gateChanges(base, head));
  logger.warn(note);
  return taskFrom(head, [`the base's configuration could not be read: this pull request's own counts`]);
}
