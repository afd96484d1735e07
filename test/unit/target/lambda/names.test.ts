import fc from 'fast-check';
import { expect, test } from 'vitest';
import { converterName, deployCommand, functionName, parseName } from '../../../../src/target/lambda/names.ts';
import { HARDWARE } from '../../../../src/types/config.ts';

test('names are parsed into what they were made of', () => {
  const runtime = fc.stringMatching(/^[a-z][a-z0-9]{0,11}$/).filter((name) => name !== 'convert');
  fc.assert(
    fc.property(
      runtime,
      fc.constantFrom(...HARDWARE),
      fc.integer({ min: 128, max: 10_240 }),
      (name, hardware, memoryMb) => {
        const measure = { runtime: name, role: 'measure', hardware, memoryMb };
        expect(parseName(functionName(name, hardware, memoryMb))).toEqual(measure);
        const convert = { runtime: name, role: 'convert', hardware, memoryMb: null };
        expect(parseName(converterName(name, hardware))).toEqual(convert);
      },
    ),
  );
  expect(functionName('onnx', 'arm64', 1769)).toBe('ayci-onnx-arm64-1769');
  expect(converterName('onnx', 'x86_64')).toBe('ayci-onnx-convert-x86_64');
});

test.each([
  'other-onnx-arm64-1769',
  'ayci-onnx-arm64',
  'ayci-onnx-arm64-',
  'ayci-onnx-arm64-64',
  'ayci-onnx-arm64-0512',
  'ayci-onnx-arm64-10241',
  'ayci-onnx-arm64-512-blue',
  'ayci-onnx-riscv-512',
  'ayci-onnx-convert-arm64-512',
  'ayci--arm64-512',
  'my-ayci-onnx-arm64-512',
  'ayci-onnx-arm64-512\n',
  '',
])('%j is no name of ours', (name) => {
  expect(parseName(name)).toBeNull();
});

test('the command that deploys names each size once, in order', () => {
  const memoriesMb = [1769, 512, 1769];
  expect(deployCommand({ stack: 'ayci', region: 'eu-central-1', memoriesMb })).toBe(
    'aws cloudformation deploy --region eu-central-1 --stack-name ayci ' +
      '--template-file runtimes/template.yaml --capabilities CAPABILITY_AUTO_EXPAND ' +
      '--parameter-overrides MemorySizes=512,1769',
  );
});
