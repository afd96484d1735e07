// The one table of what AYCI serves models with: a further framework, runtime or optimizer is named here, and nowhere else
// in the core. docs/architecture.md has the recipes.

/** Of models: what their files are. */
export const FRAMEWORKS = ['onnx', 'pytorch', 'tensorflow', 'mxnet'] as const;
export type Framework = (typeof FRAMEWORKS)[number];

/**
 * What serves or converts models, by its folder below `runtimes/` and part of function names: the library that names it in
 * reports, as its requirements write it.
 */
export const LIBRARIES = {
  onnx: 'onnxruntime',
  pytorch: 'torch',
  tensorflow: 'tensorflow',
  mxnet: 'mxnet',
  tvm: 'apache-tvm',
  openvino: 'openvino',
} as const;
export type RuntimeName = keyof typeof LIBRARIES;

interface OptimizerTold {
  /** What it is, for people. */
  readonly doc: string;
  /**
   * Largest difference of an output from the unconverted model's, relative to its largest value, with which it counts as
   * the same; null: only the user can say.
   */
  readonly tolerance: number | null;
}

/** In the order of reports. Graph optimizations reorder float32 sums (1e-7 each): 1e-5 is usual through a hundred layers, 1e-4 harmless. */
export const OPTIMIZER_TABLE = {
  vanilla: {
    doc: "the model's own framework; for `.onnx` ONNX Runtime without graph optimization",
    tolerance: 0,
  },
  onnx: { doc: 'ONNX Runtime with all of it', tolerance: 1e-4 },
  tvm: { doc: "compiled by TVM from the framework's own graph", tolerance: 1e-4 },
  'onnx+tvm': { doc: 'the same by way of ONNX', tolerance: 1e-4 },
  // It may choose approximations of its own.
  openvino: { doc: 'on OpenVINO', tolerance: 1e-3 },
  // Other numbers by intent.
  'onnx-int8': { doc: 'quantized, on ONNX Runtime', tolerance: null },
} as const satisfies Readonly<Record<string, OptimizerTold>>;
export type Optimizer = keyof typeof OPTIMIZER_TABLE;

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
