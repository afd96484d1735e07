import { makeEnvironment } from '../../../src/target/local/environment.ts';
import { recordingLogger, tinyPlace } from './lambda.ts';

/** A process that makes the tiny environment in the cache that its argument names; prints what was logged. */
const lines: string[] = [];
const [, , cacheDir = ''] = process.argv;
const made = await makeEnvironment(tinyPlace(cacheDir), 'tiny', recordingLogger(lines), new AbortController().signal);
process.stdout.write(JSON.stringify({ python: made.python, lines }));
