// Writes what is made from the tables of inputs, of the configuration file and of engines: action.yml, the README's table,
// the configuration's JSON Schema and reference, names in the runtimes' protocol. --check: fails where they differ.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { referenceTables } from '../src/config/reference.ts';
import { configSchema } from '../src/config/schema.ts';
import { INPUTS } from '../src/inputs/table.ts';
import { OPTIMIZERS, RUNTIME_NAMES } from '../src/types/config.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

export const OUTPUTS = {
  verdict: 'regressed, unmeasured, inconclusive, no-baseline, improved or pass: the worst that the gate counts.',
  gate: 'passed, failed, or none where there was nothing to gate.',
  'regression-count': 'How many configurations regressed.',
  regressions: 'JSON list of them: model, hardware, optimizer, memoryMb, batch.',
  'report-path': 'Path of report.md; report.json lies beside it.',
  'best-configuration': 'JSON of the balanced best configuration to deploy; empty where there is none.',
  'artifact-url': 'Page of the uploaded report; empty where there is none.',
  'comment-url': 'The comment on the pull request; empty where there is none.',
};

const quote = (text) => `'${text.replaceAll("'", "''")}'`;

/** GitHub's expressions are for action.yml alone. */
const defaultOf = (input) => [input.actionDefault ?? input.default].filter((preset) => preset !== null);

function actionYml() {
  const inputs = INPUTS.flatMap((input) => [
    `  ${input.name}:`,
    `    description: ${quote(input.doc)}`,
    '    required: false',
    ...defaultOf(input).map((preset) => `    default: ${quote(preset)}`),
  ]);
  const outputs = Object.entries(OUTPUTS).flatMap(([name, doc]) => [`  ${name}:`, `    description: ${quote(doc)}`]);
  return [
    '# Made from src/inputs/table.ts by npm run generate.',
    'name: AYCI model CI',
    'description: Gates a pull request on the latency and cost of its DNN model, measured as AWS Lambda runs it.',
    'author: AYCI',
    'branding:',
    '  icon: activity',
    '  color: green',
    'inputs:',
    ...inputs,
    'outputs:',
    ...outputs,
    'runs:',
    '  using: node24',
    '  main: dist/action.js',
    '',
  ].join('\n');
}

function table() {
  const cell = (text) => text.replaceAll('|', '\\|');
  const rows = INPUTS.map((input) => {
    const preset = defaultOf(input)
      .map((one) => `\`${one}\``)
      .join('');
    return `| \`${input.name}\` | ${preset} | ${cell(input.doc)} |`;
  });
  const outputs = Object.entries(OUTPUTS).map(([name, doc]) => `| \`${name}\` | ${cell(doc)} |`);
  return [
    '| input | default | what it is |',
    '|---|---|---|',
    ...rows,
    '',
    '| output | what it is |',
    '|---|---|',
    ...outputs,
  ].join('\n');
}

/** A file with the part between its marks made anew. */
function within(name, part, content) {
  const text = readFileSync(root + name, 'utf8');
  const [begin, end] = [`<!-- ${part}: made by npm run generate -->`, `<!-- end of ${part} -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${name} lacks the marks ${begin} and ${end}`);
  return `${text.slice(0, from + begin.length)}\n${content}\n${text.slice(to)}`;
}

/** A schema of the runtimes' protocol with the names that runtimes and optimizers have. */
function contract(name) {
  const names = { framework: RUNTIME_NAMES, optimizer: OPTIMIZERS };
  const path = `runtimes/contract/${name}.schema.json`;
  const schema = JSON.parse(readFileSync(root + path, 'utf8'), (key, value) =>
    Object.hasOwn(names, key) && Array.isArray(value?.enum) ? { ...value, enum: names[key] } : value,
  );
  return [path, `${JSON.stringify(schema, null, 2)}\n`];
}

const files = {
  'action.yml': actionYml(),
  'README.md': within('README.md', 'inputs', table()),
  'docs/config.schema.json': `${JSON.stringify(configSchema(), null, 2)}\n`,
  ...Object.fromEntries(['measure-request', 'convert-request', 'describe-request'].map(contract)),
  'docs/config-file.md': within('docs/config-file.md', 'settings', `\n${referenceTables()}\n`),
};
let stale = false;
for (const [name, text] of Object.entries(files)) {
  let before = '';
  try {
    before = readFileSync(root + name, 'utf8');
  } catch {
    // Not there yet.
  }
  if (before === text) continue;
  if (process.argv.includes('--check')) {
    console.error(`${name} is not what the tables in src/inputs, src/config and src/types say; run npm run generate`);
    stale = true;
  } else writeFileSync(root + name, text);
}
process.exitCode = stale ? 1 : 0;
