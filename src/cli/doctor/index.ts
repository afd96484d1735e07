import { githubContext } from '../../github/context.ts';
import { alignedTable } from '../../report/console.ts';
import { visible } from '../../report/escape.ts';
import { credentialsOf, openArchive, settingOf, VERSION } from '../../wiring/index.ts';
import { type CommandContext, inputsOf, outsideOf } from '../context.ts';
import { archiveChecks } from './archive.ts';
import { type Check, ok, tried } from './check.ts';
import { localChecks } from './local.ts';
import { modelChecks } from './model.ts';

const MARK = { ok: '✅ ok', limited: '⚠️ limited', missing: '❌ missing' } as const;

/** Everything that a run with these inputs would need. */
async function checksOf(context: CommandContext): Promise<readonly Check[]> {
  // What a run needs is the same for all models; one that is named is described besides.
  const inputs = inputsOf({ model: 'any', ...context.args.raw });
  const outside = outsideOf(context);
  const github = githubContext(context.env);
  const setting = settingOf(inputs, outside, github);
  const credentials = await credentialsOf(setting, outside, github);
  const checks: Check[] = [ok('node', `${process.version}, AYCI ${VERSION}`)];
  if (credentials !== undefined) {
    checks.push(
      await tried('sts:AssumeRoleWithWebIdentity', async () => {
        const { expiration } = await credentials();
        return `${setting.role}${expiration === undefined ? '' : ` until ${expiration.toISOString()}`}`;
      }),
    );
  }
  if (setting.target === 'local') checks.push(...(await localChecks(context, inputs.runtimeRequirements)));
  else {
    const { lambdaChecks } = await import('./lambda.ts');
    const { region } = setting;
    checks.push(
      ...(await lambdaChecks({
        region,
        stack: inputs.stack,
        signal: context.signal,
        ...(credentials === undefined ? {} : { credentials }),
      })),
    );
  }
  const { store } = await openArchive(setting, outside, github, credentials);
  const { model } = context.args.raw;
  return [
    ...checks,
    ...(await archiveChecks(store, github.scope.write)),
    ...(model === undefined ? [] : await modelChecks(model, inputs.signature)),
  ];
}

/** `ayci doctor`: what a run needs, whether it is there, and how to get it. Writes no report. */
export async function doctorCommand(context: CommandContext): Promise<number> {
  const checks = await checksOf(context);
  context.logger.end();
  if (context.args.flags.has('json')) context.print(`${JSON.stringify(checks, null, 2)}\n`);
  else {
    const rows = checks.map((check) => [visible(check.what), MARK[check.state], visible(check.detail, 400)]);
    context.print(`${alignedTable(['check', 'state', 'detail'], rows, new Set())}\n`);
  }
  return checks.some((check) => check.state === 'missing') ? 3 : 0;
}
