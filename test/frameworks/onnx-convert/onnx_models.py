"""Small ONNX models, sound and hostile, by onnx.helper."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

VECTOR = ["n", 8]


def model_of(nodes: Sequence[NodeProto], weights=(), opset: int = 17, **more) -> ModelProto:
    """x [n, 8] -> y; `more`: functions, further domains."""
    domains = more.pop("domains", ())
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, VECTOR)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        weights,
    )
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(each, 1) for each in domains)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, **more)


def saved(path: Path, model: ModelProto) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())
    return path


def values(*shape: int, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def external(location: str, name: str = "w") -> TensorProto:
    """Eight float32 that lie in another file."""
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[8])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return tensor


def adding(location: str) -> ModelProto:
    """y = x + w, w in another file."""
    return model_of([helper.make_node("Add", ["x", "w"], ["y"])], [external(location)])


def hidden(location: str) -> ModelProto:
    """As `adding`, the tensor an attribute in a branch of a function."""
    inner = [
        helper.make_node("Constant", [], ["w"], value=external(location)),
        helper.make_node("Add", ["a", "w"], ["inner"]),
    ]
    outputs = [helper.make_tensor_value_info("inner", TensorProto.FLOAT, None)]
    branch = helper.make_graph(inner, "branch", [], outputs)
    nodes = [
        helper.make_node("Constant", [], ["yes"], value=numpy_helper.from_array(np.array(True))),
        helper.make_node("If", ["yes"], ["b"], then_branch=branch, else_branch=branch),
    ]
    opsets = [helper.make_opsetid("", 17)]
    function = helper.make_function("own", "Adds", ["a"], ["b"], nodes, opsets)
    call = helper.make_node("Adds", ["x"], ["y"], domain="own")
    return model_of([call], functions=[function], domains=["own"])


def nested(levels: int) -> ModelProto:
    """An If within an If and so on, `levels` deep."""
    yes = helper.make_node("Constant", [], ["yes"], value=numpy_helper.from_array(np.array(True)))
    node = helper.make_node("Relu", ["x"], ["y0"])
    for level in range(levels):
        shown = [helper.make_tensor_value_info(f"y{level}", TensorProto.FLOAT, None)]
        branches = {
            name: helper.make_graph([node], f"{name}{level}", [], shown)
            for name in ("then_branch", "else_branch")
        }
        # The same twice would be four times at the next level.
        other = helper.make_node("Identity", ["x"], [f"y{level}"])
        branches["else_branch"] = helper.make_graph([other], f"else{level}", [], shown)
        node = helper.make_node("If", ["yes"], [f"y{level + 1}"], **branches)
    last = helper.make_node("Identity", [f"y{levels}"], ["y"])
    return model_of([yes, node, last])


def doubling(levels: int) -> ModelProto:
    """A chain of functions that each call the next one twice: 2 ** levels operators."""
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]

    def function(level: int):
        kind, domain = ("Neg", "") if level == levels else (f"F{level + 1}", "own")
        nodes = [
            helper.make_node(kind, ["a"], ["b"], domain=domain),
            helper.make_node(kind, ["b"], ["c"], domain=domain),
        ]
        return helper.make_function("own", f"F{level}", ["a"], ["c"], nodes, opsets)

    functions = [function(level) for level in range(levels + 1)]
    call = helper.make_node("F0", ["x"], ["y"], domain="own")
    return model_of([call], functions=functions, domains=["own"])


def endless() -> ModelProto:
    """A function that calls itself."""
    opsets = [helper.make_opsetid("own", 1)]
    node = helper.make_node("F", ["a"], ["b"], domain="own")
    function = helper.make_function("own", "F", ["a"], ["b"], [node], opsets)
    call = helper.make_node("F", ["x"], ["y"], domain="own")
    return model_of([call], functions=[function], domains=["own"])
