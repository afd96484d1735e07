"""Small ONNX models, made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

Info = tuple[str, int, Sequence[int | str] | None]
X: Info = ("x", TensorProto.FLOAT, ["batch", 3])
Y: Info = ("y", TensorProto.FLOAT, ["batch", 3])


def write_graph(
    path: Path,
    nodes: Sequence[NodeProto],
    inputs: Sequence[Info] = (X,),
    outputs: Sequence[Info] = (Y,),
    **weights: np.ndarray,
) -> Path:
    """Writes a model of opset 18, to which the domain `com.microsoft` is known too."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(*each) for each in inputs],
        [helper.make_tensor_value_info(*each) for each in outputs],
        [numpy_helper.from_array(values, name) for name, values in weights.items()],
    )
    domains = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    onnx.save(helper.make_model(graph, opset_imports=domains, ir_version=8), path)
    return path
