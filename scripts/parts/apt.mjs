// Debian packages, only those that are missing. Needs root, or sudo without a password.
import { spawnSync } from 'node:child_process';
import { mustRun } from './run.mjs';

function installed(name) {
  const asked = spawnSync('dpkg-query', ['-s', name], { encoding: 'utf8' });
  return asked.status === 0 && asked.stdout.includes('Status: install ok installed');
}

/** @throws Error where a package cannot be installed. */
export function ensureApt(names) {
  const missing = names.filter((name) => !installed(name));
  if (missing.length === 0) return;
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  // Without the service files' start: the tests start their own, in their own folders, and end them.
  const apt = [
    ...asRoot,
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'RUNLEVEL=1',
    'apt-get',
    '-q',
    '-o',
    'DPkg::Lock::Timeout=600',
  ];
  const call = (args) => mustRun(apt[0], [...apt.slice(1), ...args]);
  call(['update']);
  call(['install', '-y', '--no-install-recommends', ...missing]);
  const left = names.filter((name) => !installed(name));
  if (left.length > 0) throw new Error(`apt-get ended well, and yet ${left.join(', ')} are not installed`);
}
