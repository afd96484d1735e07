import { readKnown } from '../archive/records.ts';
import { AyciError } from '../errors.ts';
import { githubContext } from '../github/context.ts';
import { modelSource } from '../model/source.ts';
import { alignedTable } from '../report/console.ts';
import { visible } from '../report/escape.ts';
import { ageText, figure, signedPercent } from '../report/format.ts';
import type { Model } from '../types/model.ts';
import { credentialsOf, openArchive, settingOf, systemClock } from '../wiring/index.ts';
import { type CommandContext, inputsOf, outsideOf } from './context.ts';

/** The key of a model covers its signature, where that is not its default. */
async function loaded(path: string, signature: string | null): Promise<Model> {
  const source = modelSource(() => 'show');
  try {
    return await source.candidate(path, signature);
  } finally {
    await source.close();
  }
}

/** `ayci show M|KEY`: what the archive knows of a model, newest first. */
export async function showCommand(context: CommandContext): Promise<number> {
  const [asked, ...others] = context.args.positionals;
  if (asked === undefined || others.length > 0) {
    throw new AyciError('bad-input', 'show: takes one model, a path or a model key', { hint: 'ayci show model.onnx' });
  }
  const inputs = inputsOf({ model: 'any', ...context.args.raw });
  const outside = outsideOf(context);
  const github = githubContext(context.env);
  const setting = settingOf(inputs, outside, github);
  const credentials = await credentialsOf(setting, outside, github);
  const { store } = await openArchive(setting, outside, github, credentials);
  const isKey = /^[0-9a-f]{64}-\d{1,15}$/.test(asked);
  const key = isKey ? asked : (await loaded(asked, inputs.signature)).key;
  const { measurements, notes } = await readKnown(store, github.scope, key);
  const now = systemClock.date().getTime();
  const newest = [...measurements].sort((a, b) => (a.measuredAt < b.measuredAt ? 1 : -1));
  if (context.args.flags.has('json')) {
    context.print(`${JSON.stringify({ key, measurements: newest, notes }, null, 2)}\n`);
    return 0;
  }
  const head = [
    'age',
    'hardware',
    'optimizer',
    'memory MB',
    'batch',
    'p50 ms',
    'p99 ms',
    'mean ms',
    'peak MB',
    'change',
    'against',
    'result',
  ];
  const rows = newest.map((one) => {
    const pairs = one.sandboxes.flatMap((sandbox) => sandbox.pair?.cpu ?? []);
    const change =
      pairs.length === 0 ? '–' : signedPercent(Math.exp(pairs.reduce((sum, y) => sum + y, 0) / pairs.length) - 1);
    return [
      ageText(now - Date.parse(one.measuredAt)),
      one.config.hardware,
      one.config.optimizer,
      String(one.config.memoryMb),
      String(one.config.batch),
      figure(one.candidate?.latencyMs.p50),
      figure(one.candidate?.latencyMs.p99),
      figure(one.candidate?.latencyMs.mean),
      figure(one.candidate?.peakMb),
      change,
      one.baselineKey?.slice(0, 12) ?? '–',
      one.candidateFailure === null ? 'ran' : visible(one.candidateFailure.code),
    ];
  });
  const table =
    rows.length === 0
      ? `  Nothing is known of it in ${visible(store.name)}.`
      : alignedTable(head, rows, new Set([3, 4, 5, 6, 7, 8, 9]));
  context.print(
    `${[`Model      ${visible(asked)}  key ${key}`, '', table, ...notes.map((note) => visible(note, 400))].join('\n')}\n`,
  );
  return 0;
}
