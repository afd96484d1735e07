import type { Configuration, Framework, Optimizer, RuntimeName } from './config.ts';

/** The library that names a runtime in reports, as its requirements write it. */
export const LIBRARIES: Readonly<Record<RuntimeName, string>> = {
  onnx: 'onnxruntime',
  pytorch: 'torch',
  tensorflow: 'tensorflow',
  mxnet: 'mxnet',
  tvm: 'apache-tvm',
  openvino: 'openvino',
};

/** One request to a converter. */
export interface Step {
  readonly runtime: RuntimeName;
  /** What the converter is asked for; a chain's last step has the cell's own. */
  readonly optimizer: Optimizer;
  /**
   * `there`: only the hardware that serves makes it; `anywhere`: it is the same wherever it is made; `across`: made for
   * one hardware, on any.
   */
  readonly made: 'there' | 'anywhere' | 'across';
  /** What it depends on besides: nothing, the inputs of one batch size, or those and the threads of serving. */
  readonly fits: 'any' | 'inputs' | 'threads';
  /** The environment that serves can do it as well: on this machine no further one is made for it. */
  readonly light?: true;
}

/** What says where a step runs. */
export type Place = Pick<Step, 'runtime' | 'made' | 'light'>;

/** How a configuration of a model comes to run. */
export interface Route {
  readonly serves: RuntimeName;
  /** What converts, in turn; none: the model is served as it is. */
  readonly steps: readonly Step[];
}

const OPTIMIZE: Step = { runtime: 'onnx', optimizer: 'onnx', made: 'there', fits: 'any', light: true };
const QUANTIZE: Step = { runtime: 'onnx', optimizer: 'onnx-int8', made: 'anywhere', fits: 'inputs' };
const COMPILE: Step = { runtime: 'tvm', optimizer: 'tvm', made: 'across', fits: 'threads' };
const OPENVINO: Step = { runtime: 'openvino', optimizer: 'openvino', made: 'anywhere', fits: 'any' };

function exported(runtime: RuntimeName, optimizer: Optimizer = 'onnx'): Step {
  return { runtime, optimizer, made: 'anywhere', fits: 'inputs' };
}

/** Routes of a framework that comes to other engines by way of ONNX. */
function byOnnx(framework: RuntimeName, tvm: Route | string): Readonly<Record<Optimizer, Route | string>> {
  const toOnnx = exported(framework);
  return {
    vanilla: { serves: framework, steps: [] },
    onnx: { serves: 'onnx', steps: [toOnnx, OPTIMIZE] },
    tvm,
    'onnx+tvm': { serves: 'tvm', steps: [toOnnx, COMPILE] },
    openvino: { serves: 'openvino', steps: [toOnnx, OPENVINO] },
    'onnx-int8': { serves: 'onnx', steps: [toOnnx, QUANTIZE] },
  };
}

/** Which runtime serves and which convert, for each framework and optimizer; a text: why there is no such thing. */
export const ROUTES: Readonly<Record<Framework, Readonly<Record<Optimizer, Route | string>>>> = {
  onnx: {
    vanilla: { serves: 'onnx', steps: [] },
    onnx: { serves: 'onnx', steps: [OPTIMIZE] },
    tvm: { serves: 'tvm', steps: [COMPILE] },
    'onnx+tvm': 'for an ONNX model this is tvm',
    openvino: { serves: 'openvino', steps: [OPENVINO] },
    'onnx-int8': { serves: 'onnx', steps: [QUANTIZE] },
  },
  pytorch: byOnnx('pytorch', { serves: 'tvm', steps: [exported('pytorch', 'tvm'), COMPILE] }),
  tensorflow: byOnnx('tensorflow', { serves: 'tvm', steps: [exported('tensorflow', 'tvm'), COMPILE] }),
  mxnet: byOnnx('mxnet', 'TVM reads no MXNet models any more: use onnx+tvm'),
};

/** The route of an optimizer, or why it has none. */
export function routeOf(framework: Framework, optimizer: Optimizer): Route | string {
  return ROUTES[framework][optimizer];
}

/** The route of an optimizer that a plan has found to have one. @throws Error where it has none */
export function plannedRoute(framework: Framework, optimizer: Optimizer): Route {
  const route = routeOf(framework, optimizer);
  if (typeof route === 'string') throw new Error(`${framework} × ${optimizer}: ${route}`);
  return route;
}

/**
 * Whether the runtime that serves a route cannot load the unconverted model, and so is told what that one answers, which
 * the framework's own converter writes.
 */
export function needsOutputs(framework: Framework, route: Route): boolean {
  return route.steps.length > 0 && route.serves !== framework;
}

/** What has to convert before a route's model is measured. */
export function convertersOf(framework: Framework, route: Route): readonly Place[] {
  return needsOutputs(framework, route)
    ? [...route.steps, { runtime: framework, made: 'anywhere', light: true }]
    : route.steps;
}

/**
 * Every piece of code that a configuration's figures depend on, in turn: what serves it and what converts for it.
 * @param serving names the code that serves
 * @param converting names a converter's
 */
export function codeOf(
  framework: Framework,
  config: Omit<Configuration, 'batch'>,
  serving: (runtime: RuntimeName) => string,
  converting: (step: Place) => string,
): readonly string[] {
  const route = plannedRoute(framework, config.optimizer);
  return [...new Set([serving(route.serves), ...route.steps.map(converting)])];
}
