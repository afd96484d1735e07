// A scripted Lambda in a process of its own: its work takes nothing from the one that is measured.
// lambda-server.ts SERVICE_MS CAP ALLOWED MEMORY,MEMORY,...: prints its endpoint, answers `counts` on standard input, ends with it.
import { createInterface } from 'node:readline';
import { stackOf } from '../../test/support/control-plane.ts';
import { FaultLambda } from '../../test/support/fault-lambda.ts';

const [service = '', cap = '', allowed = '', memories = ''] = process.argv.slice(2);
await using lambda = await FaultLambda.start({
  functions: stackOf(['x86_64'], memories.split(',').map(Number)),
  cap: Number(cap),
  serviceMs: Number(service),
});
lambda.control.unreserved = Number(allowed);
console.log(lambda.endpoint);
for await (const line of createInterface({ input: process.stdin })) {
  if (line !== 'counts') break;
  const calls = lambda.calls.filter((call) => call.ran).length;
  const longestMs = Math.max(...lambda.calls.map((call) => call.tookMs));
  console.log(JSON.stringify({ calls, refused: lambda.calls.length - calls, highest: lambda.highest, longestMs }));
}
