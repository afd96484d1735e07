#!/usr/bin/env node
import { type CommandContext, fromArguments } from './cli/context.ts';
import { helpText } from './cli/help.ts';
import { AyciError, asAyciError, exitCodeOf, explain } from './errors.ts';
import { didYouMean } from './inputs/suggest.ts';
import { consoleLogger } from './log.ts';
import { VERSION } from './wiring/index.ts';

const COMMANDS = ['run', 'demo', 'plan', 'show', 'init', 'doctor'] as const;

async function dispatch(name: string, context: CommandContext): Promise<number> {
  if (name !== 'show' && context.args.positionals.length > 0) {
    throw new AyciError(
      'bad-input',
      `${name}: got the argument ${JSON.stringify(context.args.positionals[0])}; expected options only`,
      {
        hint: `Did you mean --model ${JSON.stringify(context.args.positionals[0])}?`,
      },
    );
  }
  switch (name) {
    case 'run':
      return (await (await import('./cli/run.ts')).runCommand(context)).exit;
    case 'demo':
      return (await import('./cli/demo.ts')).demoCommand(context);
    case 'plan':
      return (await import('./cli/plan.ts')).planCommand(context);
    case 'show':
      return (await import('./cli/show.ts')).showCommand(context);
    case 'init':
      return (await import('./cli/init.ts')).initCommand(context);
    case 'doctor':
      return (await import('./cli/doctor/index.ts')).doctorCommand(context);
    default:
      throw new AyciError('bad-input', `${JSON.stringify(name)} is not a command; expected ${COMMANDS.join(', ')}`, {
        hint: didYouMean(name, COMMANDS) || 'See ayci --help.',
      });
  }
}

/** Ctrl-C once: what runs is ended and what is measured is kept. Twice: out at once; children die with this process. */
function interruption(logger: { warn(line: string): void }): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(3);
      logger.warn('interrupted: keeping what is measured');
      controller.abort();
    });
  }
  return controller.signal;
}

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  const isHelp =
    name === undefined || ['help', '--help', '-h'].includes(name) || rest.includes('--help') || rest.includes('-h');
  if (isHelp) {
    process.stdout.write(helpText());
    return name === undefined ? 2 : 0;
  }
  if (name === '--version' || name === '-V') {
    process.stdout.write(`${VERSION}\n`);
    return 0;
  }
  const terminal = {
    write: (text: string) => process.stderr.write(text),
    isTTY: process.stderr.isTTY === true,
    columns: process.stderr.columns ?? 80,
  };
  const logger = consoleLogger(terminal, argv.includes('--debug'));
  try {
    const args = fromArguments(rest);
    const signal = interruption(logger);
    const print = (text: string): void => void process.stdout.write(text);
    return await dispatch(name, {
      args,
      entry: import.meta.url,
      env: process.env,
      logger,
      isTTY: terminal.isTTY,
      signal,
      print,
    });
  } catch (thrown) {
    const error = asAyciError(thrown);
    logger.end();
    process.stderr.write(`error: ${explain(error)}\n`);
    if (argv.includes('--debug')) process.stderr.write(`${error.stack ?? ''}\n`);
    return exitCodeOf(error.code);
  }
}

// On Node 20 the AWS SDK prints its own end-of-support notice, which a user can do nothing with.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
// A reader that closes a pipe early (head) is no error of ours.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
process.exitCode = await main(process.argv.slice(2));
