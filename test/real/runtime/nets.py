"""Real ONNX models, small, with seeded weights, written by onnx.helper."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def save(path: Path, nodes, inputs, outputs, weights=(), **kept) -> Path:
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info(*each) for each in inputs],
        [helper.make_tensor_value_info(*each) for each in outputs],
        [numpy_helper.from_array(array, name) for name, array in weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path, **kept)
    return path


def he(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """He et al. 2015, equation 10: normal with variance 2 / fan-in."""
    return rng.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape).astype(np.float32)


def conv_net(path: Path, seed: int = 1, channels: int = 16, side: int = 24, **kept) -> Path:
    """x [n, 3, side, side] -> y [n, 10]: two convolutions with relu, a linear layer."""
    rng = np.random.default_rng(seed)
    weights = [
        ("w1", he(rng, channels, 3, 3, 3)),
        ("b1", np.zeros(channels, np.float32)),
        ("w2", he(rng, channels, channels, 3, 3)),
        ("w3", he(rng, 10, channels)),
        ("b3", np.zeros(10, np.float32)),
    ]
    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["c1"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("Conv", ["r1", "w2"], ["c2"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c2"], ["r2"]),
        helper.make_node("GlobalAveragePool", ["r2"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("Gemm", ["f", "w3", "b3"], ["y"], transB=1),
    ]
    size = ["n", 3, side, side]
    return save(
        path,
        nodes,
        [("x", TensorProto.FLOAT, size)],
        [("y", TensorProto.FLOAT, ["n", 10])],
        weights,
        **kept,
    )


def embedding(path: Path, seed: int = 1) -> Path:
    """ids and mask [n, length] of int64 -> pooled [n, 8] and count [n, 1]: two outputs."""
    table = np.random.default_rng(seed).normal(size=(50, 8)).astype(np.float32)
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["e"]),
        helper.make_node("Cast", ["mask"], ["m"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["m", "last"], ["m3"]),
        helper.make_node("Mul", ["e", "m3"], ["masked"]),
        helper.make_node("ReduceSum", ["masked", "one"], ["pooled"], keepdims=0),
        helper.make_node("ReduceSum", ["mask", "one"], ["count"], keepdims=1),
    ]
    ids = ["n", "length"]
    return save(
        path,
        nodes,
        [("ids", TensorProto.INT64, ids), ("mask", TensorProto.INT64, ids)],
        [("pooled", TensorProto.FLOAT, ["n", 8]), ("count", TensorProto.INT64, ["n", 1])],
        [("table", table), ("last", np.array([-1])), ("one", np.array([1]))],
    )


def identity(path: Path, dtype: str, *ops: str) -> Path:
    """x [n, 4] of any element type through `ops` (Identity where none are given) -> y."""
    kind = getattr(TensorProto, {"float32": "FLOAT", "float64": "DOUBLE"}.get(dtype, dtype.upper()))
    names = ["x", *(f"t{i}" for i in range(len(ops) - 1)), "y"]
    nodes = [
        helper.make_node(op, [before], [after])
        for op, before, after in zip(ops or ("Identity",), names[:-1], names[1:], strict=True)
    ]
    return save(path, nodes, [("x", kind, ["n", 4])], [("y", kind, ["n", 4])])


def binary(path: Path, op: str, constant: np.ndarray) -> Path:
    """x [n, 4] -> y = op(x, constant), float32."""
    shape = ["n", 4]
    out = [*constant.shape[:-2], "n", 4]
    return save(
        path,
        [helper.make_node(op, ["x", "k"], ["y"])],
        [("x", TensorProto.FLOAT, shape)],
        [("y", TensorProto.FLOAT, out)],
        [("k", constant)],
    )


def widened(path: Path) -> Path:
    """x [n, 4] of bfloat16 -> y of float32."""
    return save(
        path,
        [helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT)],
        [("x", TensorProto.BFLOAT16, ["n", 4])],
        [("y", TensorProto.FLOAT, ["n", 4])],
    )


def unfoldable(path: Path) -> Path:
    """x [n, 4] -> y: folding its constants finds shapes that do not fit, loading does not."""
    nodes = [
        helper.make_node("Cast", ["three"], ["shape"], to=TensorProto.INT64),
        helper.make_node("Reshape", ["four", "shape"], ["bad"]),
        helper.make_node("Add", ["x", "bad"], ["y"]),
    ]
    return save(
        path,
        nodes,
        [("x", TensorProto.FLOAT, ["n", 4])],
        [("y", TensorProto.FLOAT, ["n", 4])],
        [("four", np.ones(4, np.float32)), ("three", np.float32([3]))],
    )


def giant(path: Path) -> Path:
    """x [1] -> y: a few bytes that make 8 GB."""
    nodes = [
        helper.make_node("Expand", ["x", "shape"], ["wide"]),
        helper.make_node("Neg", ["wide"], ["minus"]),
        helper.make_node("ReduceSum", ["minus"], ["y"], keepdims=0),
    ]
    return save(
        path,
        nodes,
        [("x", TensorProto.FLOAT, ["n"])],
        [("y", TensorProto.FLOAT, [])],
        [("shape", np.array([2_000_000_000]))],
    )
