import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { reportInZip } from '../../../src/github/poster/unzip.ts';
import { temporaryFolder } from '../../support/folder.ts';

const python = promisify(execFile);

/** A zip by Python's own writer: `z` is the archive, `link` a function that adds a link. */
async function written(statements: string): Promise<Buffer> {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'a.zip');
  const program = `
import sys, zipfile
def link(name, to):
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, 0o120777 << 16
    z.writestr(info, to)
def zeros(name, megabytes):
    with z.open(name, 'w', force_zip64=True) as f:
        for _ in range(megabytes): f.write(bytes(10**6))
z = zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED)
${statements}
z.close()
`;
  await python('python3', ['-W', 'ignore', '-c', program, path]);
  return await readFile(path);
}

it.each([
  ['deflated', "z.writestr('report.json', '{}')"],
  ['stored', "z.writestr('report.json', '{}', zipfile.ZIP_STORED)"],
  ['with 64-bit sizes', "z.open('report.json', 'w', force_zip64=True).write(b'{}')"],
  [
    'beside folders and other files',
    "z.mkdir('raw') if hasattr(z, 'mkdir') else None\nz.writestr('raw/a', 'x')\nz.writestr('report.json', '{}')",
  ],
])('reads a zip of Python’s that is %s', async (_name, statements) => {
  const closed = statements.replace(/^(z\.open\(.*\))\.write\((.*)\)$/, 'with $1 as f: f.write($2)');
  expect(String(await reportInZip(await written(closed), 'artifact a'))).toBe('{}');
});

it.each([
  ['a link', "link('report.json', '/etc/passwd')", /holds a link or a device/],
  ['a way up', "z.writestr('report.json', '{}')\nz.writestr('../../x', '')", /invalid relative path/],
  ['a report twice', "z.writestr('report.json', '{}')\nz.writestr('report.json', '[]')", /holds a file twice/],
  ['200 MB of zeros', "zeros('report.json', 200)", /unpacks to too much, got 200000000 bytes/],
  ['a report of 21 MB', "zeros('report.json', 21)", /report\.json is too large, got 21000000 bytes/],
  ['another compression', "z.writestr('report.json', '{}', zipfile.ZIP_LZMA)", /unsupported compression method: 14/],
])('refuses a zip of Python’s with %s', async (_name, statements, message) => {
  await expect(reportInZip(await written(statements), 'artifact a')).rejects.toMatchObject({
    code: 'bad-input',
    message: expect.stringMatching(message),
  });
});
