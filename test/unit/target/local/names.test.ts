import { expect, test } from 'vitest';
import { hostHardware } from '../../../../src/target/local/index.ts';
import { LogTail } from '../../../../src/target/local/log.ts';
import { functionName } from '../../../../src/target/local/server.ts';

test.each([
  ['ayci-onnx-x86_64-1769', 'ayci-onnx-x86_64-1769'],
  ['ayci-onnx-x86_64-1769:live', 'ayci-onnx-x86_64-1769'],
  ['123456789012:function:f', 'f'],
  ['arn:aws:lambda:eu-west-1:123456789012:function:f', 'f'],
  ['arn:aws:lambda:eu-west-1:123456789012:function:f:7', 'f'],
])('%s is the function %s', (given, name) => {
  expect(functionName(given)).toBe(name);
});

test('platforms by Lambda names, others by an error that names a container', () => {
  expect(hostHardware('linux', 'x64')).toBe('x86_64');
  expect(hostHardware('linux', 'arm64')).toBe('arm64');
  for (const [platform, arch] of [
    ['darwin', 'arm64'],
    ['win32', 'x64'],
    ['linux', 'riscv64'],
  ] as const) {
    expect(() => hostHardware(platform, arch)).toThrow(
      expect.objectContaining({ code: 'bad-input', hint: expect.stringContaining('node:24-bookworm') }),
    );
  }
});

test('a log tail keeps the end and never glues the platform lines', () => {
  const log = new LogTail();
  log.add('x'.repeat(100_000));
  log.addLine('END');
  expect(log.tail().toString()).toBe(`${'x'.repeat(4096 - 5)}\nEND\n`);
  log.clear();
  log.addLine('START');
  expect(log.text()).toBe('START\n');
});
