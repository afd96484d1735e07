"""TVM as AYCI compiles it against ONNX Runtime: tvm_against.py RUNTIMES ORT_PACKAGES MODEL BATCH SECONDS.

One process, one thread, in turns, CPU time. Prints JSON: medians in ms, seconds of compilation, the largest
difference relative to the largest value, how far outputs of two inputs are apart, what fell back.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

RUNTIMES, ORT_PACKAGES, MODEL = (Path(each) for each in sys.argv[1:4])
BATCH, SECONDS = int(sys.argv[4]), float(sys.argv[5])
sys.path[:0] = [str(RUNTIMES / "common"), str(RUNTIMES / "tvm")]
# After everything else: only what the converter's environment has not.
sys.path.append(str(ORT_PACKAGES))

from environment import set_environment

set_environment(compiler=True)

import numpy as np
import onnx
import onnxruntime as ort
from ayci_runtime.adapter import Wanted
from ayci_runtime.tensors import Tensor
from convert import TvmConverter
from manifest import read_manifest

TOKENS = 2000


def feeds_of(model: onnx.ModelProto, seed: int) -> dict[str, np.ndarray]:
    """Normal values; token ids, and a mask that hides some of them."""
    rng = np.random.default_rng(seed)
    found = {}
    for each in model.graph.input:
        shape = [dim.dim_value or BATCH for dim in each.type.tensor_type.shape.dim]
        if each.type.tensor_type.elem_type != onnx.TensorProto.INT64:
            found[each.name] = rng.standard_normal(shape).astype("float32")
        elif "mask" in each.name:
            found[each.name] = np.maximum(rng.random(shape) < 0.8, np.arange(shape[1]) == 0).astype(
                "int64"
            )
        else:
            found[each.name] = rng.integers(0, TOKENS, shape)
    return found


def session_of(path: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def main(scratch: Path) -> dict[str, object]:
    model = onnx.load(MODEL)
    feeds, others = feeds_of(model, 3), feeds_of(model, 4)
    inputs = [
        {"name": name, "dtype": str(values.dtype), "shape": list(values.shape)}
        for name, values in feeds.items()
    ]
    folder = scratch / "made"
    folder.mkdir()
    wanted = Wanted("tvm", "x86_64", BATCH, 1, 0, inputs, [MODEL.stat().st_size], scratch)
    converter = TvmConverter()
    begin = perf_counter()
    conversion = converter.convert(MODEL, wanted, folder)
    compiled = perf_counter() - begin
    loaded = converter.load(folder / conversion.entry, "tvm", 1)
    tensors = [Tensor(name, str(values.dtype), values) for name, values in feeds.items()]
    bound = loaded.bind(tensors)
    session = session_of(MODEL)
    first, second = lambda: bound(), lambda: session.run(None, feeds)
    reference, other = second(), session.run(None, others)
    found = [each.array for each in loaded.tensors(first())]
    times: tuple[list[float], list[float]] = ([], [])
    end = perf_counter() + SECONDS
    while perf_counter() < end or len(times[0]) < 5:
        for run, into in zip((first, second), times, strict=True):
            start = process_time()
            run()
            into.append((process_time() - start) * 1e3)
    return {
        "tvm": median(times[0]),
        "ort": median(times[1]),
        "seconds": compiled,
        "error": max(difference(a, b) for a, b in zip(found, reference, strict=True)),
        "variation": max(difference(a, b) for a, b in zip(other, reference, strict=True)),
        "fallbacks": list(read_manifest(folder).fallbacks),
    }


def difference(found: np.ndarray, reference: np.ndarray) -> float:
    return float(np.abs(found - reference).max() / np.abs(reference).max())


with tempfile.TemporaryDirectory() as made:
    result = main(Path(made))
print(json.dumps(result))
