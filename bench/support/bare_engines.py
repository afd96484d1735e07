"""Each engine's bare loop, as somebody would write it: what AYCI's timing is held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

Feeds = Mapping[str, np.ndarray]
Run = Callable[[], object]


def onnx(path: Path, feeds: Feeds) -> Run:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, feeds)


def pytorch(path: Path, feeds: Feeds) -> Run:
    import torch

    torch.set_num_threads(1)
    module = torch.export.load(path).module()
    # The zoo exports its nets with keyword arguments.
    inputs = {name: torch.from_numpy(values) for name, values in feeds.items()}

    def run() -> object:
        with torch.inference_mode():
            return module(**inputs)

    return run


def tensorflow(path: Path, feeds: Feeds) -> Run:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path.parent))
    serve = loaded.signatures["serving_default"]
    serve.model = loaded
    inputs = {name: tf.constant(values) for name, values in feeds.items()}
    return lambda: {name: value.numpy() for name, value in serve(**inputs).items()}


def mxnet(path: Path, feeds: Feeds) -> Run:
    import compat  # noqa: F401 without it this MXNet and today's numpy do not go together
    import mxnet as mx

    prefix = str(path).removesuffix("-symbol.json")
    symbol, args, auxiliaries = mx.model.load_checkpoint(prefix, 0)
    module = mx.mod.Module(symbol, data_names=list(feeds), label_names=None)
    module.bind(for_training=False, data_shapes=[(name, feeds[name].shape) for name in feeds])
    module.set_params(args, auxiliaries)
    batch = mx.io.DataBatch([mx.nd.array(values, dtype=values.dtype) for values in feeds.values()])

    def run() -> object:
        module.forward(batch, is_train=False)
        return [each.asnumpy() for each in module.get_outputs()]

    return run


def openvino(path: Path, feeds: Feeds) -> Run:
    import openvino as ov

    # Of CPUs with bfloat16 it would take that, and answer less exactly.
    settings = {
        "INFERENCE_NUM_THREADS": 1,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
    }
    compiled = ov.Core().compile_model(str(path), "CPU", settings)
    return lambda: compiled(feeds)


def tvm(path: Path, feeds: Feeds) -> Run:
    import tvm.runtime

    machine = tvm.runtime.vm.VirtualMachine(tvm.runtime.load_module(str(path)), tvm.cpu())
    inputs = [tvm.runtime.tensor(values) for values in feeds.values()]
    main = machine["main"]

    def run() -> object:
        found = main(*inputs)
        several = found if hasattr(found, "__len__") and not hasattr(found, "numpy") else [found]
        return [each.numpy() for each in several]

    return run


BARE = {each.__name__: each for each in (onnx, pytorch, tensorflow, mxnet, openvino, tvm)}
