import { describe, expect, it } from 'vitest';
import { reportInZip } from '../../../src/github/poster/unzip.ts';
import { deflatedZeros, type ZipFile, zipOf } from '../../support/zip.ts';

const report: ZipFile = { name: 'report.json', bytes: Buffer.from('{"schema": 1}') };
const other: ZipFile = { name: 'raw/samples.json.gz', bytes: Buffer.from('samples') };
const GB = 1e9;

describe('a zip of an artifact', () => {
  it('gives its report.json, whatever lies beside it', async () => {
    const folder: ZipFile = { name: 'raw/', bytes: Buffer.alloc(0), mode: 0o040755 };
    expect(String(await reportInZip(zipOf([other, folder, report]), 'artifact a'))).toBe('{"schema": 1}');
  });

  const bomb = deflatedZeros(2 * GB);
  it('packs a bomb that is one', () => {
    expect(bomb.length).toBeLessThan(20_000_000);
  });

  it.each<[string, Buffer, RegExp]>([
    [
      'a bomb of 2 GB that says so',
      zipOf([{ ...report, packed: bomb, uncompressedSize: 2 * GB }]),
      /^artifact a: unpacks to too much, got 2000000000 bytes and more; expected at most 100 MB$/,
    ],
    [
      'a bomb of 2 GB that says less',
      zipOf([{ ...report, packed: bomb, uncompressedSize: 1000 }]),
      /is no sound zip, got too many bytes in the stream\. expected 1000\. got at least \d+;/,
    ],
    [
      'many files that together are too much',
      zipOf([1, 2, 3].map((n) => ({ ...other, name: `${n}`, packed: bomb, uncompressedSize: 4e7 }))),
      /unpacks to too much/,
    ],
    [
      'a report.json that is too large',
      zipOf([{ ...report, packed: bomb, uncompressedSize: 20_000_001 }]),
      /report\.json is too large, got 20000001 bytes/,
    ],
    [
      'too many files',
      zipOf([report, ...Array.from({ length: 50 }, (_, n) => ({ ...other, name: `f${n}` }))]),
      /holds too many files, got 51; expected at most 50/,
    ],
    ['a directory that says there are more', zipOf([report], 2), /is no sound zip/],
    ['a way up', zipOf([report, { ...other, name: '../../etc/passwd' }]), /invalid relative path/],
    ['a way up in the middle', zipOf([report, { ...other, name: 'raw/../../x' }]), /invalid relative path/],
    ['an absolute path', zipOf([report, { ...other, name: '/etc/passwd' }]), /absolute path/],
    ['a path of Windows', zipOf([report, { ...other, name: 'raw\\..\\x' }]), /invalid characters in fileName/],
    ['a drive', zipOf([report, { ...other, name: 'C:/x' }]), /absolute path/],
    ['a link', zipOf([{ ...report, mode: 0o120777 }]), /holds a link or a device, got report\.json/],
    ['a pipe', zipOf([report, { ...other, mode: 0o010644 }]), /holds a link or a device/],
    ['two reports', zipOf([report, { ...report, bytes: Buffer.from('{}') }]), /holds a file twice, got report\.json/],
    ['a wrong checksum', zipOf([{ ...report, crc: 1 }]), /its checksum is wrong/],
    ['an encrypted report', zipOf([{ ...report, encrypted: true }]), /is encrypted/],
    ['less than it says', zipOf([{ ...report, uncompressedSize: 500 }]), /not enough bytes in the stream/],
    ['no report', zipOf([other]), /holds no report\.json; expected an artifact of AYCI/],
    ['a report in a folder alone', zipOf([{ ...report, name: 'sub/report.json' }]), /holds no report\.json/],
    ['a zip that was cut', zipOf([report, other]).subarray(0, 80), /either not a zip file, or file is truncated/i],
    ['a page', Buffer.from('<!doctype html>'), /either not a zip file/i],
    ['nothing', Buffer.alloc(0), /is no sound zip/],
    [
      'a name that would leave its line',
      zipOf([report, { ...other, name: 'x\n::error::y', mode: 0o120777 }]),
      /got x\\n::error::y; expected plain files$/,
    ],
  ])('refuses %s', async (_name, bytes, message) => {
    await expect(reportInZip(bytes, 'artifact a')).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(message),
    });
  });
});
