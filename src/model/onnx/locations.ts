import { posix } from 'node:path';
import { RefusedModel } from '../facts.ts';

/** As long as a path in a request. The runtimes' reader refuses the same: `onnx_locations.py`. */
const LONGEST = 1024;
const NO_PATH = /[\p{Cc}\\:*]/u;
/** ONNX Runtime and OpenVINO take the offset beside it as an address in their own memory. */
const MEMORY = '_ort_mem_addr_';
const PLAIN = "a relative path without '..', and without '*', ':', '\\' and control characters";

/**
 * The location of external data, as a path in the model's folder: `./w.bin` is `w.bin`.
 * @throws RefusedModel for what leads out of that folder, or means something else than a file
 */
export function locationOf(written: string): string {
  const parts = written.split('/');
  if (parts.includes('..') || written.startsWith('/')) throw refused(written, " outside of the model's folder", PLAIN);
  if (parts.includes('') || NO_PATH.test(written)) throw refused(written, '', PLAIN);
  const name = posix.normalize(written);
  if (name === '.' || written.toLowerCase().includes(MEMORY)) throw refused(written, '', 'the name of a file');
  if (written.length > LONGEST) throw refused(written, '', `at most ${LONGEST} characters`);
  return name;
}

function refused(written: string, where: string, expected: string): RefusedModel {
  const shown = JSON.stringify(written.slice(0, 100));
  return new RefusedModel(
    `has external data ${shown}${where}; expected ${expected}`,
    'Save the model and its data into one folder.',
  );
}
