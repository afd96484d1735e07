"""Works out, of an ONNX graph for inputs of known shapes, what depends on shapes alone.

MXNet's translations reckon with shapes by nodes, and other compilers than ONNX Runtime refuse some
of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from onnx import (
    NodeProto,
    TensorProto,
    TypeProto,
    ValueInfoProto,
    defs,
    helper,
    numpy_helper,
    shape_inference,
)
from onnx.reference import ReferenceEvaluator

# Elements of what is worked out: shapes and numbers, no weights.
_MOST_ELEMENTS = 64


def folded(
    nodes: Sequence[NodeProto],
    inputs: Iterable[ValueInfoProto],
    initializers: Iterable[TensorProto],
    outputs: Iterable[str],
    opset: int,
) -> tuple[list[NodeProto], list[TensorProto]]:
    """The nodes and initializers that `outputs` still need, in order.

    Casts to what a value is already are left out too. Raises what onnx raises for an odd node.
    """
    initializers = list(initializers)
    types = {each.name: each.type for each in inputs} | _types(initializers)
    known = {each.name: each for each in initializers if np.prod(each.dims) <= _MOST_ELEMENTS}
    same: dict[str, str] = {}
    kept = []
    for node in nodes:
        node.input[:] = [same.get(name, name) for name in node.input]
        if node.op_type == "Cast" and _is_of_type(types.get(node.input[0]), node.attribute[0].i):
            same[node.output[0]] = node.input[0]
            continue
        if (made := _worked_out(node, types, known, opset)) is not None:
            initializers += made
            known |= {each.name: each for each in made}
            types |= _types(made)
            continue
        kept.append(node)
        types |= _inferred(node, types, known, opset)
    return _needed(kept, initializers, set(outputs))


def _types(tensors: Iterable[TensorProto]) -> dict[str, TypeProto]:
    return {each.name: helper.make_tensor_type_proto(each.data_type, each.dims) for each in tensors}


def _is_of_type(found: TypeProto | None, elements: int) -> bool:
    return found is not None and found.tensor_type.elem_type == elements


def _shape(found: TypeProto | None) -> list[int] | None:
    if found is None or not found.tensor_type.HasField("shape"):
        return None
    sizes = found.tensor_type.shape.dim
    if not all(each.HasField("dim_value") for each in sizes):
        return None
    return [each.dim_value for each in sizes]


def _worked_out(
    node: NodeProto, types: dict[str, TypeProto], known: dict[str, TensorProto], opset: int
) -> list[TensorProto] | None:
    """A node's values where all that it takes is known; None where they are not."""
    if node.op_type == "Shape":
        shape = _shape(types.get(node.input[0]))
        if shape is None:
            return None
        return [numpy_helper.from_array(np.array(shape, dtype=np.int64), node.output[0])]
    given = [name for name in node.input if name]
    if not given or not all(name in known for name in given):
        return None
    graph = helper.make_graph(
        [node],
        "one",
        [ValueInfoProto(name=name, type=types[name]) for name in given],
        [ValueInfoProto(name=name) for name in node.output],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    arrays = {name: numpy_helper.to_array(known[name]) for name in given}
    values = ReferenceEvaluator(model).run(None, arrays)
    if any(np.size(each) > _MOST_ELEMENTS for each in values):
        return None
    named = zip(values, node.output, strict=True)
    return [numpy_helper.from_array(np.asarray(value), name) for value, name in named]


def _inferred(
    node: NodeProto, types: dict[str, TypeProto], known: dict[str, TensorProto], opset: int
) -> dict[str, TypeProto]:
    given = [name for name in node.input if name]
    if not all(name in types for name in given):
        return {}
    return shape_inference.infer_node_outputs(
        defs.get_schema(node.op_type, opset),
        node,
        {name: types[name] for name in given},
        {name: known[name] for name in given if name in known},
        opset_imports=[helper.make_opsetid("", opset)],
    )


def _needed(
    nodes: list[NodeProto], initializers: list[TensorProto], needed: set[str]
) -> tuple[list[NodeProto], list[TensorProto]]:
    kept = []
    for node in reversed(nodes):
        if needed.intersection(node.output):
            kept.append(node)
            needed.update(node.input)
    return kept[::-1], [each for each in initializers if each.name in needed]
