import { stringify } from 'yaml';

export interface WorkflowFacts {
  /** The branch that pull requests go to. */
  readonly branch: string;
  /** Models are kept by Git LFS. */
  readonly lfs: boolean;
  /** `owner/repository@commit` of the action, and what stands behind it. */
  readonly uses: string;
  readonly usesNote: string;
  /** Path of the configuration. */
  readonly config: string;
}

/** A workflow that measures the configuration's models on pull requests and on the base branch. */
export function workflowText({ branch, lfs, uses, usesNote, config }: WorkflowFacts): string {
  return [
    '# Gates pull requests on the latency and cost of their models, measured on the runner as AWS Lambda would run them.',
    'name: Model CI',
    'on:',
    '  pull_request:',
    '  push:',
    `    branches: ${stringify([branch], { collectionStyle: 'flow', flowCollectionPadding: false, lineWidth: 0 }).trim()}`,
    'permissions: {}',
    'concurrency:',
    `  group: ayci-\${{ github.ref }}`,
    '  # What the base branch measures is what later pull requests are compared with.',
    `  cancel-in-progress: \${{ github.event_name == 'pull_request' }}`,
    'jobs:',
    '  models:',
    '    name: Models',
    '    runs-on: ubuntu-latest',
    '    permissions:',
    '      contents: read # to check out the models and their baselines',
    '      pull-requests: write # to post the comment',
    '    steps:',
    '      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0',
    '        with:',
    '          fetch-depth: 2 # the baseline is the first parent',
    ...(lfs ? ['          lfs: true'] : []),
    '          persist-credentials: false',
    `      - uses: ${uses} # ${usesNote}`,
    '        with:',
    `          config: ${config}`,
    '',
  ].join('\n');
}
