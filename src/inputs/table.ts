import { OPTIMIZERS } from '../types/config.ts';
import { OPTIMIZER_TABLE } from '../types/engines.ts';

/** The one list of inputs: the command line, the action, action.yml and the README are all made from it. */
export interface InputDefinition {
  readonly name: string;
  /** The default as a user would write it; null: none. */
  readonly default: string | null;
  /** What action.yml says instead: an expression of GitHub's. */
  readonly actionDefault?: string;
  /** May be given several times (command line) or on several lines (action). */
  readonly several?: true;
  /** What stands for the value in `--help`. */
  readonly value: string;
  /** What is allowed, as error messages say it. */
  readonly allowed: string;
  readonly doc: string;
}

export const INPUTS = [
  {
    name: 'model',
    default: null,
    value: 'PATH',
    allowed:
      'the path of an .onnx, .pt2 or .pt file, a SavedModel folder, or NAME-symbol.json with its .params beside it',
    doc: "The model of this change: an `.onnx` file (external data beside it belongs to it), PyTorch's `.pt2` or TorchScript `.pt`, a TensorFlow SavedModel folder, or MXNet's `NAME-symbol.json` with `NAME-0000.params`. Required unless `config` names models.",
  },
  {
    name: 'baseline',
    default: null,
    value: 'PATH|git:REF|key:KEY|archive:BRANCH',
    allowed:
      "a path, git:<ref> (the same path at that commit), key:<model key> or archive:<branch> (the archive's newest of that branch)",
    doc: "The model it is judged against: a path, `git:<ref>` (the same path at that commit), `key:<model key>` (kept in the archive) or `archive:<branch>` (the newest that the archive's history has of that branch and was not failed). Without one the run measures and compares nothing.",
  },
  {
    name: 'target',
    default: 'auto',
    value: 'auto|local|lambda',
    allowed: 'auto, local or lambda',
    doc: 'Where to measure: `lambda`, the runtimes deployed on AWS Lambda; `local`, the embedded Lambda on this machine; `auto`, the former where a role is given.',
  },
  {
    name: 'hardware',
    default: null,
    value: 'LIST',
    allowed: 'x86_64, arm64 (comma-separated)',
    doc: "Lambda architectures, comma-separated: `x86_64`, `arm64`. Default: on Lambda those that are deployed, else this machine's own.",
  },
  {
    name: 'optimizer',
    default: 'onnx',
    value: 'LIST',
    allowed: `${OPTIMIZERS.join(', ')} (comma-separated)`,
    doc: `Comma-separated: ${Object.entries(OPTIMIZER_TABLE)
      .map(([name, { doc }]) => `\`${name}\` (${doc})`)
      .join(', ')}.`,
  },
  {
    name: 'memory',
    default: '1769',
    value: 'LIST',
    allowed: 'whole MB from 128 to 10240 (comma-separated)',
    doc: 'Lambda memory sizes in MB, comma-separated, 128 to 10240. 1769 MB are one vCPU.',
  },
  {
    name: 'batch',
    default: '1',
    value: 'LIST',
    allowed: 'whole numbers from 1 to 4096 (comma-separated)',
    doc: 'Items per inference, comma-separated.',
  },
  {
    name: 'input-shape',
    default: null,
    several: true,
    value: 'NAME=1x3x224x224[:TYPE]',
    allowed: 'NAME=<dimensions joined by x>, each from 1 to 1000000, and :<type> where the model does not say it',
    doc: "Shape of one of the model's inputs, where its dimensions are symbolic: `NAME=1x3x224x224`; with the element type where the model does not say it (TorchScript): `NAME=1x128:int64`. The batch dimension is the configuration's. Default: images 224 × 224 with 3 channels, other symbolic dimensions 128.",
  },
  {
    name: 'input-range',
    default: null,
    several: true,
    value: 'NAME=LOW:HIGH',
    allowed: 'NAME=<low>:<high> with low < high',
    doc: 'Values of one input, uniform from LOW up to but without HIGH: `input_ids=0:30000`. Default: floats standard normal, integers 0 and 1, masks 1.',
  },
  {
    name: 'input',
    default: null,
    several: true,
    value: 'NAME=@FILE.npy',
    allowed: 'NAME=@<path of a .npy file>',
    doc: "The user's own data for one input, which is better than made-up values: `NAME=@file.npy`.",
  },
  {
    name: 'signature',
    default: null,
    value: 'NAME',
    allowed: 'the name of a signature of the SavedModel',
    doc: 'Which signature of a TensorFlow SavedModel is served. Default: `serving_default`, or the only one.',
  },
  {
    name: 'archive',
    default: null,
    value: 'DIR|s3://BUCKET/PREFIX|github',
    allowed: 'a folder, s3://<bucket>/<prefix> or github',
    doc: 'Keeps models, converted models and measurements, so that nothing is measured twice: a folder; `s3://bucket/prefix`, which Lambda needs; or `github`, the cache of GitHub Actions. Default: `github` in the action, `.ayci` on the command line.',
  },
  {
    name: 'report-dir',
    default: 'ayci-report',
    value: 'DIR',
    allowed: 'a folder',
    doc: 'Where `report.md` and `report.json` are written.',
  },
  {
    name: 'max-latency-regression',
    default: '5%',
    value: 'PERCENT',
    allowed: 'a percentage such as 5%, or none',
    doc: 'Slower by this much fails: `5%`; `none` shows it without gating.',
  },
  {
    name: 'max-cost-regression',
    default: '5%',
    value: 'PERCENT',
    allowed: 'a percentage such as 5%, or none',
    doc: 'Dearer by this much fails.',
  },
  {
    name: 'max-memory-regression',
    default: 'none',
    value: 'PERCENT',
    allowed: 'a percentage such as 10%, or none',
    doc: 'Larger peak memory by this much fails.',
  },
  {
    name: 'max-cold-start-regression',
    default: 'none',
    value: 'PERCENT',
    allowed: 'a percentage such as 10%, or none',
    doc: 'Slower cold start (import, fetch, load, first inference) by this much fails.',
  },
  {
    name: 'max-output-difference',
    default: 'none',
    value: 'PERCENT',
    allowed: 'a percentage such as 1%, or none',
    doc: "Fails where the candidate's outputs differ from the baseline's by more than this share of the largest value. Default: shown, not gated.",
  },
  {
    name: 'gate-on',
    default: 'cells',
    value: 'cells|best',
    allowed: 'cells or best',
    doc: '`cells`: every configuration counts. `best`: only the balanced best one does.',
  },
  {
    name: 'fail-on',
    default: 'regressed,unmeasured',
    value: 'LIST',
    allowed: 'regressed, inconclusive, unmeasured (comma-separated), or never',
    doc: 'Which verdicts fail the build, comma-separated: `regressed`, `inconclusive`, `unmeasured`; or `never`.',
  },
  {
    name: 'max-minutes',
    default: '10',
    value: 'MINUTES',
    allowed: 'a whole number from 1 to 360',
    doc: 'Stop measuring after this long; cells not reached are skipped and say so.',
  },
  {
    name: 'max-calls',
    default: '2000',
    value: 'N',
    allowed: 'a whole number from 1 to 1000000',
    doc: 'At most this many invocations.',
  },
  {
    name: 'max-spend-usd',
    default: '2',
    value: 'USD',
    allowed: 'an amount in USD such as 2 or 0.50, above 0 and up to 10000',
    doc: 'Stop measuring on Lambda when this much is spent; cells not reached are skipped and say so.',
  },
  {
    name: 'aws-region',
    default: null,
    value: 'REGION',
    allowed: 'an AWS region with known Lambda prices',
    doc: 'Region of the deployed runtimes and the bucket, and whose Lambda prices count. Default: `AWS_REGION`; without it local runs are priced as in us-east-1.',
  },
  {
    name: 'role-to-assume',
    default: null,
    value: 'ARN',
    allowed: 'arn:aws:iam::<12 digits>:role/<name>',
    doc: "Role that the action takes through GitHub's OIDC (needs `id-token: write`): `PullRequestRole` of the bootstrap stack. Without it: the environment's own AWS credentials.",
  },
  {
    name: 'baseline-role-to-assume',
    default: null,
    value: 'ARN',
    allowed: 'arn:aws:iam::<12 digits>:role/<name>',
    doc: 'The same for runs on the base branch alone, which write what pull requests are judged by: `BaseRole`.',
  },
  {
    name: 'stack',
    default: 'ayci',
    value: 'NAME',
    allowed: 'letters, digits and dashes, at most 64',
    doc: 'Which deployed runtimes: the value of their tag `ayci:stack`.',
  },
  {
    name: 'config',
    default: null,
    value: 'FILE',
    allowed: 'the path of a YAML file',
    doc: 'Several models and settings in one file, `.github/ayci.yml`: docs/config-file.md. It replaces `model`.',
  },
  {
    name: 'gate-config',
    default: 'head',
    value: 'head|base',
    allowed: 'head or base',
    doc: "Whose `config` counts on a pull request: its own (`head`; what it loosens is the comment's first line) or that of the base. Pull requests of forks: always the base's.",
  },
  {
    name: 'github-token',
    default: null,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression that GitHub evaluates.
    actionDefault: '${{ github.token }}',
    value: 'TOKEN',
    allowed: 'a token',
    doc: "What the comment is posted with (needs `pull-requests: write`). The action takes the job's own.",
  },
  {
    name: 'comment',
    default: 'always',
    value: 'always|changes|never',
    allowed: 'always, changes or never',
    doc: 'Whether a pull request gets a comment: `always` one, edited in place; `changes`: only where something changed; `never`.',
  },
  {
    name: 'comment-tag',
    default: 'ayci',
    value: 'TAG',
    allowed: 'letters, digits, dots, dashes and underscores, at most 64',
    doc: 'One comment per tag: give jobs that judge other models another one.',
  },
  {
    name: 'requests-per-month',
    default: null,
    value: 'N',
    allowed: 'a whole number from 1 to 1000000000000',
    doc: 'Inferences a month: the report then says what they cost.',
  },
  {
    name: 'pull-request',
    default: null,
    value: 'N',
    allowed: 'the number of a pull request',
    doc: "Measures that pull request's model as data, without checking it out: for a run by `workflow_dispatch`, see docs/forks.md.",
  },
  {
    name: 'artifact',
    default: 'yes',
    value: 'yes|no',
    allowed: 'yes or no',
    doc: 'Whether the report is uploaded as an artifact of the run.',
  },
  {
    name: 'runtime-requirements',
    default: null,
    value: 'FILE',
    allowed: 'a file of hash-pinned requirements',
    doc: "Your own versions of the frameworks, as pip's hash-pinned requirements (`torch==2.13.0 --hash=sha256:…`): they replace those of the runtimes whose library they pin. On a pull request the base branch's file counts. For runs on this machine; functions on Lambda have the versions that they were deployed with (docs/aws.md).",
  },
  {
    name: 'seed',
    default: '1',
    value: 'N',
    allowed: 'a whole number from 0 to 4294967295',
    doc: 'Seed of input values and of the order in which subjects run.',
  },
] as const satisfies readonly InputDefinition[];

export type InputName = (typeof INPUTS)[number]['name'];

/** Values as the user wrote them; a missing one takes its default. */
export type RawInputs = Readonly<Partial<Record<InputName, string>>>;

export const INPUT_NAMES: readonly InputName[] = INPUTS.map((input) => input.name);

export function definitionOf(name: InputName): InputDefinition {
  const found = INPUTS.find((input) => input.name === name);
  if (found === undefined) throw new RangeError(`no input is called ${name}`);
  return found;
}
