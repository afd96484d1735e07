// API requests that a comment takes, against a counting server on loopback; and how long 20,000 cells take to become a
// comment, against JSON.stringify of the same report.
import { openClient } from '../src/github/client.ts';
import { publishComment } from '../src/github/comment/index.ts';
import { hasNews, renderComment } from '../src/report/comment/index.ts';
import type { Report } from '../src/types/report.ts';
import { startGithubApi } from '../test/support/github-api.ts';
import { modelOf, OPTIONS, pair, reportWith } from '../test/unit/report/comment-report.ts';
import { median } from './support/stats.ts';

const CELLS = 20_000;
const ROUNDS = 11;
const HEAD = 'f'.repeat(40);

let missed = false;
function reach(line: string, reached: boolean): void {
  missed ||= !reached;
  console.log(`comment: ${line}${reached ? '' : ' MISSED'}`);
}

await using api = await startGithubApi();
for (let at = 0; at < 98; at += 1) api.add({ id: 777, login: 'stranger', type: 'User' }, `comment ${at}`);
const client = await openClient({ token: 'token', apiUrl: api.url });

async function requests(report: Report, runId: number): Promise<{ readonly action: string; readonly count: number }> {
  const run = { tag: 'ayci', commit: HEAD, runId, attempt: 1 };
  const { body } = renderComment(report, { ...OPTIONS, ...run });
  const before = api.requests.length;
  const target = { owner: 'o', repo: 'r', pull: 7 };
  const { action } = await publishComment(client, target, { ...run, body, mode: 'always', news: hasNews(report) });
  return { action, count: api.requests.length - before };
}

const green = reportWith([modelOf('m.onnx', [pair(10, 0)])]);
const red = reportWith([modelOf('m.onnx', [pair(10, 0.2)])]);
const steps = [
  { report: red, wanted: 'created', most: 3 },
  { report: green, wanted: 'updated', most: 3 },
  { report: green, wanted: 'unchanged', most: 2 },
];
for (const [at, { report, wanted, most }] of steps.entries()) {
  const { action, count } = await requests(report, 1 + at);
  reach(
    `${action} by ${count} requests among 98 comments (to reach: ${wanted}, ${most})`,
    action === wanted && count <= most,
  );
}

for (const change of [0, 0.2]) {
  const cells = Array.from({ length: CELLS }, (_, at) => pair(10, change, { memoryMb: 128 + at }));
  const report = reportWith([modelOf('m.onnx', cells)]);
  const times: Record<'comment' | 'json', number[]> = { comment: [], json: [] };
  let length = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    let begin = performance.now();
    length = renderComment(report, OPTIONS).body.length;
    times.comment.push(performance.now() - begin);
    begin = performance.now();
    JSON.stringify(report);
    times.json.push(performance.now() - begin);
  }
  const [comment, json] = [median(times.comment), median(times.json)];
  const what = `${CELLS} cells${change === 0 ? '' : ', all regressed'}`;
  reach(
    `${what}: ${length} characters in ${comment.toFixed(0)} ms, ${(comment / json).toFixed(2)} x JSON.stringify (${json.toFixed(0)} ms; to reach: 1000 ms, 20 x)`,
    comment <= 1000 && comment / json <= 20,
  );
}
if (missed) process.exitCode = 1;
