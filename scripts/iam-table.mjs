// Writes the tables of docs/aws.md that say who may do what and why, from runtimes/bootstrap.yaml and its comments:
// npm run iam-table. --check: fails where they differ.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMap, isPair, isSeq, parseDocument, visit } from 'yaml';
import { PSEUDO, resolveTemplate } from '../test/support/template.ts';
import { CLOUDFORMATION_TAGS } from '../test/support/template-read.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const bootstrap = `${root}runtimes/bootstrap.yaml`;
const [BEGIN, END] = ['<!-- iam: made by npm run iam-table -->', '<!-- end of iam -->'];

const HOLDERS = [
  ['Pull-request role', 'PullRequestRole'],
  ['Base role', 'BaseRole'],
  ['Deploy role (policy and permissions boundary)', 'DeployPolicy'],
  ['Function role (policy and permissions boundary)', 'FunctionPolicy'],
];

/** The comments above statements, by the resource's logical id (without a loop's part) and the statement's Sid. */
function reasons() {
  const document = parseDocument(readFileSync(bootstrap, 'utf8'), { customTags: CLOUDFORMATION_TAGS });
  const found = {};
  visit(document, {
    Seq(_, seq, path) {
      const parent = path.at(-1);
      if (!isPair(parent) || parent.key.value !== 'Statement') return;
      const ids = path.filter(isPair).map((pair) => String(pair.key.value));
      const id = ids.map((key) => key.replace('&{Repository}', '')).find((key) => HOLDERS.some(([, h]) => h === key));
      if (id === undefined || ids.includes('AssumeRolePolicyDocument')) return;
      seq.items.forEach((statement, index) => {
        if (!isMap(statement)) return;
        // The parser gives a list the comment of its first item.
        const comment = statement.commentBefore ?? (index === 0 && isSeq(seq) ? seq.commentBefore : undefined);
        found[`${id}.${statement.get('Sid')}`] = comment
          ?.split('\n')
          .map((line) => line.trim())
          .join(' ');
      });
    },
  });
  return found;
}

const list = (value) => (Array.isArray(value) ? value : [value]);

function shorten(arn) {
  return arn.replaceAll(PSEUDO['AWS::AccountId'], 'ACCOUNT').replaceAll(PSEUDO['AWS::Region'], 'REGION');
}

/** The statements of each role: who, actions, resources, why. */
export function grants() {
  const { resources } = resolveTemplate(bootstrap, {
    Repositories: 'OWNER/REPOSITORY@1@2',
    BucketPrefix: 'bucket',
    ExistingOidcProviderArn: '',
  });
  const why = reasons();
  return HOLDERS.flatMap(([title, holder]) => {
    const [, { Properties }] = Object.entries(resources).find(([id]) => id.startsWith(holder));
    const document = Properties.PolicyDocument ?? Properties.Policies[0].PolicyDocument;
    return document.Statement.map((statement) => ({
      title,
      sid: statement.Sid,
      actions: list(statement.Action),
      resources: list(statement.Resource).map((arn) => shorten(arn).replace('bucket-2', 'BUCKET')),
      why: why[`${holder}.${statement.Sid}`],
    }));
  });
}

export function tables() {
  const code = (values) => values.map((value) => `\`${value}\``).join('<br>');
  return HOLDERS.flatMap(([title]) => [
    `**${title}**`,
    '',
    '| action | resource | why |',
    '|---|---|---|',
    ...grants()
      .filter((grant) => grant.title === title)
      .map(({ actions, resources, why }) => `| ${code(actions)} | ${code(resources)} | ${why} |`),
    '',
  ]).join('\n');
}

/** The page with its tables made anew. */
export function withTables(page) {
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`docs/aws.md lacks the marks ${BEGIN} and ${END}`);
  return `${page.slice(0, from + BEGIN.length)}\n\n${tables()}${page.slice(to)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = `${root}docs/aws.md`;
  const before = readFileSync(path, 'utf8');
  const after = withTables(before);
  if (before !== after && process.argv.includes('--check')) {
    console.error('docs/aws.md is not what runtimes/bootstrap.yaml says; run npm run iam-table');
    process.exitCode = 1;
  } else writeFileSync(path, after);
}
