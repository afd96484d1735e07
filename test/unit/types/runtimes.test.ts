import { describe, expect, it } from 'vitest';
import { FRAMEWORKS, OPTIMIZERS } from '../../../src/types/config.ts';
import { codeOf, convertersOf, needsOutputs, plannedRoute, routeOf } from '../../../src/types/runtimes.ts';

const offered = FRAMEWORKS.flatMap((framework) =>
  OPTIMIZERS.flatMap((optimizer) => {
    const route = routeOf(framework, optimizer);
    return typeof route === 'string' ? [] : [{ framework, optimizer, route }];
  }),
);

describe('routes from a model to what serves it', () => {
  it('all but two of the matrix are offered, and those say what to do instead', () => {
    expect(offered).toHaveLength(FRAMEWORKS.length * OPTIMIZERS.length - 2);
    expect(routeOf('onnx', 'onnx+tvm')).toBe('for an ONNX model this is tvm');
    expect(routeOf('mxnet', 'tvm')).toMatch(/use onnx\+tvm/);
    expect(() => plannedRoute('onnx', 'onnx+tvm')).toThrow('for an ONNX model this is tvm');
  });

  it.each(offered)('$framework × $optimizer begins with its own framework and ends with what it asks for', (one) => {
    const { framework, optimizer, route } = one;
    if (optimizer === 'vanilla') expect(route).toEqual({ serves: framework, steps: [] });
    else {
      // An ONNX model is read by every engine; others are exported by their own framework first.
      if (framework !== 'onnx') expect(route.steps[0]?.runtime).toBe(framework);
      expect(route.steps.at(-1)?.runtime).toBe(route.serves);
      expect(route.steps.at(-1)?.optimizer).toBe(optimizer.replace('onnx+', ''));
    }
  });

  it('what serves another framework is told the outputs, which that framework converts', () => {
    const told = offered.filter(({ framework, route }) => needsOutputs(framework, route));
    expect(told.map(({ framework, optimizer }) => `${framework} ${optimizer}`)).not.toContain('onnx onnx');
    expect(told.map(({ framework, optimizer }) => `${framework} ${optimizer}`)).toContain('onnx tvm');
    for (const { framework, route } of told)
      expect(convertersOf(framework, route).at(-1)).toEqual({ runtime: framework, made: 'anywhere', light: true });
    expect(convertersOf('onnx', plannedRoute('onnx', 'onnx')).map(({ runtime }) => runtime)).toEqual(['onnx']);
    expect(convertersOf('onnx', plannedRoute('onnx', 'vanilla'))).toEqual([]);
  });

  it('figures depend on the code that serves and on each that converts', () => {
    const config = { hardware: 'arm64', optimizer: 'onnx+tvm', memoryMb: 1769 } as const;
    const code = codeOf(
      'mxnet',
      config,
      (runtime) => `serves ${runtime}`,
      ({ runtime }) => `converts ${runtime}`,
    );
    expect(code).toEqual(['serves tvm', 'converts mxnet', 'converts tvm']);
  });
});
