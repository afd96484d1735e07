// Requests and bytes to know all of a model on S3, with 1, 100 and 10,000 measurements a trust level, against a counting
// server on loopback; and what keeping them one after the other takes.
import { setTimeout as sleep } from 'node:timers/promises';
import { keepResults, readKnown } from '../src/archive/records.ts';
import { resultsWriter } from '../src/archive/results.ts';
import { createS3Archive } from '../src/archive/s3/index.ts';
import { nullLogger } from '../src/log.ts';
import type { ArchiveStore } from '../src/ports.ts';
import { startS3Double } from '../test/unit/archive/s3-double.ts';
import { CANDIDATE, SANDBOXES, variedMeasurements } from './support/archive-measurements.ts';

const COUNTS = [1, 100, 10_000];
const MOST_BYTES = 400;
const BASE = { write: 'owner/repo/base', read: ['owner/repo/base'] };
const PR = { write: 'owner/repo/pr', read: ['owner/repo/base', 'owner/repo/pr'] };
const KEPT = 10_000;

let missed = false;
function reach(line: string, reached: boolean): void {
  missed ||= !reached;
  console.log(`archive: ${line}${reached ? '' : ' MISSED'}`);
}

function archiveOn(endpoint: string): ArchiveStore {
  return createS3Archive({
    ...{ bucket: 'bucket', prefix: 'ayci', region: 'us-east-1', endpoint, logger: nullLogger },
    credentials: async () => ({ accessKeyId: 'id', secretAccessKey: 'secret' }),
    placeOf: (input) => input,
  });
}

for (const count of COUNTS) {
  await using server = await startS3Double();
  const store = archiveOn(server.endpoint);
  await keepResults(store, BASE, CANDIDATE, variedMeasurements(count, 1));
  await keepResults(store, PR, CANDIDATE, variedMeasurements(count, 2));
  const before = server.seen.length;
  const begin = performance.now();
  const known = await readKnown(store, PR, CANDIDATE);
  const ms = performance.now() - begin;
  const requests = server.seen.slice(before);
  const gets = requests.filter((request) => request.method === 'GET').length;
  const bytes = requests.reduce((sum, request) => sum + request.sent, 0);
  const each = bytes / (2 * count * SANDBOXES);
  console.log(
    `archive: ${count} measurements a trust level: ${known.measurements.length} known by ${requests.length} requests, ${bytes} bytes, ${ms.toFixed(0)} ms`,
  );
  reach(`${count}: ${gets / PR.read.length} GET a trust level (to reach: 1)`, requests.length === gets && gets === 2);
  reach(`${count}: ${each.toFixed(0)} gzipped bytes a sandbox (to reach: ${MOST_BYTES})`, each <= MOST_BYTES);
}

// A run that keeps each cell as it comes: what others can do on this thread meanwhile.
await using server = await startS3Double();
const writer = resultsWriter(archiveOn(server.endpoint), PR, CANDIDATE);
const all = variedMeasurements(KEPT, 3);
const begin = performance.now();
let late = 0;
for (let at = 0; at < all.length; at += 100) {
  writer.add(all.slice(at, at + 100));
  const due = performance.now() + 100;
  await sleep(100);
  late += performance.now() - due;
}
const spent = performance.now() - begin;
await writer.close();
const puts = server.seen.filter((request) => request.method === 'PUT');
const sent = puts.reduce((sum, request) => sum + request.received, 0);
console.log(
  `archive: ${KEPT} cells kept while measured in ${(spent / 1000).toFixed(1)} s: ${puts.length} writes, ${(sent / 1e6).toFixed(1)} MB; timers late by ${((100 * late) / spent).toFixed(1)} % of the time`,
);
if (missed) process.exitCode = 1;
