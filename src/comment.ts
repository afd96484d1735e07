import { runPoster } from './github/poster/main.ts';

/** The sub-action `comment`: merges and posts finished reports. It measures nothing and runs nothing of a pull request. */
process.exitCode = await runPoster(process.env);
