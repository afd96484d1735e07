"""Small ONNX models, sound and hostile, by onnx.helper.

python onnx_models.py FOLDER writes those that environments without onnx are tested with.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from onnx import AttributeProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

VECTOR = ["n", 8]
# By this name the offset is an address in the memory of ONNX Runtime and of OpenVINO.
MEMORY = "*/_ORT_MEM_ADDR_/*"


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


def external(location: str, name: str = "w", **entries: str) -> TensorProto:
    """Eight float32 that lie in another file; `entries`: offset, length."""
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[8])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


def adding(location: str, **entries: str) -> ModelProto:
    """y = x + w, w in another file."""
    return model_of([helper.make_node("Add", ["x", "w"], ["y"])], [external(location, **entries)])


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


def by_default(location: str) -> ModelProto:
    """As `adding`, the tensor what an attribute of a function is where its call gives none."""
    constant = helper.make_node("Constant", [], ["w"])
    constant.attribute.add(name="value", ref_attr_name="weights", type=AttributeProto.TENSOR)
    function = helper.make_function(
        "own",
        "Adds",
        ["a"],
        ["b"],
        [constant, helper.make_node("Add", ["a", "w"], ["b"])],
        [helper.make_opsetid("", 17)],
        attribute_protos=[helper.make_attribute("weights", external(location))],
    )
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


# What values are cast to and from, by the names that the protocol gives them.
DTYPES = {
    **{"float16": TensorProto.FLOAT16, "float64": TensorProto.DOUBLE, "bool": TensorProto.BOOL},
    **{"int8": TensorProto.INT8, "int16": TensorProto.INT16, "int32": TensorProto.INT32},
    **{"int64": TensorProto.INT64, "uint8": TensorProto.UINT8, "bfloat16": TensorProto.BFLOAT16},
}


def casting() -> ModelProto:
    """Inputs [n, 4] of each dtype: their half as float32, and themselves again."""
    nodes, inputs, outputs = [], [], []
    for name, kind in DTYPES.items():
        nodes += [
            helper.make_node("Cast", [name], [f"{name}.wide"], to=TensorProto.FLOAT),
            helper.make_node("Mul", [f"{name}.wide", "half"], [f"{name}.half"]),
            helper.make_node("Cast", [f"{name}.wide"], [f"{name}.same"], to=kind),
        ]
        inputs.append(helper.make_tensor_value_info(name, kind, ["n", 4]))
        outputs.append(helper.make_tensor_value_info(f"{name}.half", TensorProto.FLOAT, ["n", 4]))
        outputs.append(helper.make_tensor_value_info(f"{name}.same", kind, ["n", 4]))
    half = numpy_helper.from_array(np.float32(0.5), "half")
    graph = helper.make_graph(nodes, "net", inputs, outputs, [half])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def twice() -> ModelProto:
    """One value under two names, and a constant; an input that nothing reads."""
    nodes = [
        helper.make_node("Relu", ["x"], ["between"]),
        helper.make_node("Identity", ["between"], ["b"]),
        helper.make_node("Identity", ["between"], ["a"]),
        helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(values(3))),
    ]
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, VECTOR),
        helper.make_tensor_value_info("unread", TensorProto.INT64, []),
    ]
    outputs = [helper.make_tensor_value_info(each, TensorProto.FLOAT, None) for each in "bac"]
    graph = helper.make_graph(nodes, "net", inputs, outputs)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def texts() -> ModelProto:
    """Strings in and out."""
    node = helper.make_node("Identity", ["x"], ["y"])
    ports = [helper.make_tensor_value_info(each, TensorProto.STRING, ["n"]) for each in "xy"]
    graph = helper.make_graph([node], "net", ports[:1], ports[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def in_constant(location: str) -> ModelProto:
    """As `adding`, the tensor an attribute."""
    constant = helper.make_node("Constant", [], ["w"], value=external(location))
    return model_of([constant, helper.make_node("Add", ["x", "w"], ["y"])])


def custom() -> ModelProto:
    """An operator of another's domain."""
    node = helper.make_node("Read", ["x"], ["y"], domain="evil")
    return model_of([node], domains=["evil"])


def main(folder: Path) -> None:
    """Each model in a folder of its own; `secret` lies outside of all."""
    models = {
        **{"casting": casting(), "twice": twice(), "texts": texts(), "custom": custom()},
        **{"function": doubling(3), "endless": endless(), "doubling": doubling(40)},
        **{"inside": adding("weights"), "constant": in_constant("weights")},
        **{"outside": adding("../secret"), "constant-outside": in_constant("../secret")},
        **{"memory": adding(MEMORY), "constant-memory": in_constant(MEMORY)},
        **{"linked": adding("link"), "absolute": adding(str(folder / "secret"))},
    }
    for name, model in models.items():
        saved(folder / name / "model.onnx", model)
    for name in ("memory", "constant-memory"):
        (folder / name / MEMORY).parent.mkdir(parents=True)
    weights = (
        "inside/weights",
        "constant/weights",
        f"memory/{MEMORY}",
        f"constant-memory/{MEMORY}",
    )
    for path in ("secret", *weights):
        (folder / path).write_bytes(values(8, seed=9).tobytes())
    (folder / "linked" / "link").symlink_to(folder / "secret")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
