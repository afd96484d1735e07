// Installs what the real tier needs beside Node, npm, Python and pip, where it is missing:
// node scripts/parts.mjs [NAME ...]. Ends with 1 and the cause where one cannot be had; nothing is skipped.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureApt } from './parts/apt.mjs';
import { baseImagePath, ensureBaseImage } from './parts/base-image.mjs';
import { ensureEmulation } from './parts/emulation.mjs';
import { ensureNpm, npmFolder } from './parts/npm.mjs';
import { ensurePip, pipFolder } from './parts/pip.mjs';
import { ensureRie, riePath } from './parts/rie.mjs';

/**
 * One part a row: `ensure` installs it or throws, and returns at once where it is there; `env` tells the tests where.
 * A program that Debian puts on the PATH needs no `env`.
 */
export const PARTS = [
  {
    name: 'git-lfs',
    what: 'Git LFS, whose pointers stand for models',
    ensure: () => ensureApt(['git-lfs']),
  },
  {
    name: 'ceph',
    what: 'S3 and STS with real checking of OIDC tokens',
    ensure: () => ensureApt(['ceph-mon', 'ceph-osd', 'radosgw', 'ceph-common', 'openssl', 'util-linux']),
  },
  {
    name: 'moto',
    what: "Lambda's control plane",
    ensure: () => ensurePip('moto'),
    env: () => ({ AYCI_TEST_MOTO: join(pipFolder('moto'), 'bin', 'moto_server') }),
  },
  {
    name: 'rie',
    what: "AWS's Runtime Interface Emulator",
    ensure: ensureRie,
    env: () => ({ AYCI_TEST_RIE: riePath() }),
  },
  {
    name: 'images',
    what: 'a builder of images',
    ensure: () => ensureApt(['buildah', 'mmdebstrap']),
  },
  {
    name: 'base-image',
    what: "a stand-in for AWS's base image",
    ensure: () => ensureBaseImage(),
    env: () => ({ AYCI_TEST_BASE_IMAGE: baseImagePath() }),
  },
  {
    name: 'emulation',
    what: 'programs of arm64, by qemu',
    ensure: ensureEmulation,
  },
  {
    name: 'base-image-arm64',
    what: 'the stand-in of arm64',
    ensure: () => ensureBaseImage('arm64'),
    env: () => ({ AYCI_TEST_BASE_IMAGE_ARM64: baseImagePath('arm64') }),
  },
  {
    name: 'lint',
    what: 'linters of templates, Dockerfiles and workflows',
    ensure: () => ensurePip('lint'),
    env: () => ({ AYCI_TEST_LINT: join(pipFolder('lint'), 'bin') }),
  },
  {
    name: 'jq',
    what: 'JSON in the shell of workflows',
    ensure: () => ensureApt(['jq']),
  },
  {
    name: 'aws-cli',
    what: "AWS's command line",
    ensure: () => ensurePip('aws-cli'),
    env: () => ({ AYCI_TEST_AWS_CLI: join(pipFolder('aws-cli'), 'bin') }),
  },
  {
    name: 'prism',
    what: "GitHub's API as GitHub describes it",
    ensure: () => ensureNpm('prism'),
    env: () => ({ AYCI_TEST_PRISM: npmFolder('prism') }),
  },
  {
    name: 'azurite',
    what: "the storage behind GitHub's artifacts and caches",
    ensure: () => ensureNpm('azurite'),
    env: () => ({ AYCI_TEST_AZURITE: npmFolder('azurite') }),
  },
  {
    name: 'browser',
    what: "the reader's browser, with letters and pictures of many scripts",
    ensure: () => ensureApt(['chromium', 'fonts-liberation', 'fonts-noto-color-emoji', 'fonts-wqy-microhei']),
  },
  {
    name: 'cmark-gfm',
    what: "GitHub's own markdown",
    ensure: () => ensureApt(['cmark-gfm']),
  },
  {
    name: 'mermaid',
    what: 'charts of the job summary',
    ensure: () => ensureNpm('mermaid'),
    env: () => ({ AYCI_TEST_MERMAID: npmFolder('mermaid') }),
  },
];

/** Where the tests find the parts; of parts that are not installed yet too. */
export function partsEnvironment() {
  return Object.assign({}, ...PARTS.map((part) => part.env?.() ?? {}));
}

/** Installs the named parts, or all. False where one failed: all are tried, each failure is told. */
export function ensureParts(names = PARTS.map((part) => part.name)) {
  let ok = true;
  for (const part of PARTS.filter(({ name }) => names.includes(name))) {
    try {
      console.log(`part ${part.name}: ${part.what}`);
      part.ensure();
    } catch (error) {
      console.error(`part ${part.name} could not be installed: ${error instanceof Error ? error.message : error}`);
      ok = false;
    }
  }
  return ok;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const asked = process.argv.slice(2);
  const unknown = asked.filter((name) => !PARTS.some((part) => part.name === name));
  if (unknown.length > 0) {
    console.error(`no part is called ${unknown.join(', ')}; expected ${PARTS.map(({ name }) => name).join(', ')}`);
    process.exit(2);
  }
  process.exitCode = ensureParts(asked.length > 0 ? asked : undefined) ? 0 : 1;
}
