import * as core from '@actions/core';
import { asAyciError, exitCodeOf, explain } from './errors.ts';
import { fromEnvironment } from './inputs/from-env.ts';
import { readInputs } from './inputs/read.ts';
import { requireModel } from './model/exists.ts';

const placeOf = (name: string): string => `with: ${name}`;

/** The action: inputs from the environment, the same flow as the command line, what GitHub shows of it. */
async function main(): Promise<void> {
  try {
    const raw = fromEnvironment(process.env);
    // Before anything else is loaded: the commonest mistakes should cost nothing.
    if (raw.config === undefined) await requireModel(readInputs(raw, placeOf).model, placeOf('model'));
    const { runAction } = await import('./github/run.ts');
    await runAction(raw, { entry: import.meta.url, env: process.env, placeOf });
  } catch (thrown) {
    const error = asAyciError(thrown);
    core.debug(error.stack ?? '');
    core.setFailed(explain(error));
    process.exitCode = exitCodeOf(error.code);
  }
}

// On Node 20 the AWS SDK prints its own end-of-support notice, which a user can do nothing with.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
await main();
