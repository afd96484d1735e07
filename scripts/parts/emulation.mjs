// Programs of arm64 on other machines: qemu, which the kernel starts for them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { ensureApt } from './apt.mjs';
import { mustRun } from './run.mjs';

const FOLDER = '/proc/sys/fs/binfmt_misc';
const QEMU = '/usr/bin/qemu-aarch64-static';
// The head of an ELF of arm64, as qemu's own scripts/qemu-binfmt-conf.sh has it.
const MAGIC = '7f454c460201010000000000000000000200b700';
const MASK = 'ffffffffffffff00fffffffffffffffffeffffff';

function escaped(hex) {
  return hex.replace(/../g, (byte) => `\\x${byte}`);
}

/** Whether such programs start, in a folder that does not have qemu itself too: flag F. */
function isRegistered() {
  if (!existsSync(FOLDER)) return false;
  const names = readdirSync(FOLDER).filter((name) => name !== 'register' && name !== 'status');
  const entries = names.map((name) => readFileSync(`${FOLDER}/${name}`, 'utf8'));
  return entries.some((text) => text.startsWith('enabled') && text.includes(MAGIC) && /^flags: \w*F/m.test(text));
}

/**
 * Lets this machine start programs of arm64, until it is started again. Nothing is done on arm64 itself.
 * @throws Error where it cannot; needs root, or sudo without a password.
 */
export function ensureEmulation() {
  if (process.arch === 'arm64') return;
  ensureApt(['qemu-user-static']);
  if (isRegistered()) return;
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const sh = (script) => {
    const [program, ...args] = [...asRoot, 'sh', '-c', script];
    mustRun(program, args);
  };
  if (!existsSync(`${FOLDER}/register`)) sh(`mount -t binfmt_misc binfmt_misc ${FOLDER}`);
  // printf %s: the kernel itself reads the escapes.
  sh(`printf %s ':ayci-aarch64:M::${escaped(MAGIC)}:${escaped(MASK)}:${QEMU}:FP' > ${FOLDER}/register`);
}
