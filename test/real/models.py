"""Writes the real models of the end-to-end tests into a folder: python models.py FOLDER."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RNG = np.random.default_rng(7)
FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def weight(name: str, *shape: int) -> TensorProto:
    """He-initialised float32."""
    scale = np.sqrt(2 / max(1, int(np.prod(shape[:-1]))))
    return numpy_helper.from_array((RNG.standard_normal(shape) * scale).astype(np.float32), name)


def save(
    path: Path, nodes: list, inputs: list, outputs: list, weights: list, **how: object
) -> None:
    graph = helper.make_graph(nodes, "test", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path, **how)


def info(name: str, kind: int, *dims: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, list(dims))


def mlp(path: Path, layers: int, width: int = 512, name: str = "x", **how: object) -> None:
    """Rows of features through square layers; `layers` sets the work."""
    nodes, weights, at = [], [], name
    for layer in range(layers):
        weights.append(weight(f"w{layer}", width, width))
        nodes.append(helper.make_node("MatMul", [at, f"w{layer}"], [f"m{layer}"]))
        nodes.append(helper.make_node("Relu", [f"m{layer}"], [f"r{layer}"]))
        at = f"r{layer}"
    nodes.append(helper.make_node("Identity", [at], ["y"]))
    save(
        path,
        nodes,
        [info(name, FLOAT, "N", 64, width)],
        [info("y", FLOAT, "N", 64, width)],
        weights,
        **how,
    )


def encoder(path: Path) -> None:
    """Token ids and a mask, of any batch and length; two outputs."""
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["embedded"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["column"]),
        helper.make_node("Mul", ["embedded", "column"], ["masked"]),
        helper.make_node("MatMul", ["masked", "projection"], ["hidden"]),
        helper.make_node("ReduceMean", ["hidden"], ["pooled"], axes=[1], keepdims=0),
    ]
    last = numpy_helper.from_array(np.array([2], dtype=np.int64), "last")
    weights = [weight("table", 1000, 64), weight("projection", 64, 256), last]
    inputs = [
        info("input_ids", INT64, "batch", "seq"),
        info("attention_mask", INT64, "batch", "seq"),
    ]
    outputs = [info("hidden", FLOAT, "batch", "seq", 256), info("pooled", FLOAT, "batch", 256)]
    save(path, nodes, inputs, outputs, weights)


def main(folder: Path) -> None:
    encoder(folder / "encoder.onnx")
    mlp(folder / "base.onnx", 10)
    mlp(folder / "same.onnx", 10)
    mlp(folder / "slow.onnx", 14)
    mlp(folder / "large.onnx", 60, width=1024)
    how = {"save_as_external_data": True, "location": "weights.bin", "size_threshold": 0}
    mlp(folder / "external.onnx", 4, **how)


main(Path(sys.argv[1]))
