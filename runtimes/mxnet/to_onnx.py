"""Writes an MXNet model as ONNX."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import mxnet as mx
import numpy as np
import onnx
from ayci_runtime.adapter import Wanted
from ayci_runtime.errors import ConversionFailed
from corrected import RESHAPE, Translation
from folding import folded
from model import MxnetModel, Shape, infer_shapes
from onnx import ValueInfoProto, helper
from symbol import Graph, graph_of
from translate import OPSET, check_translatable, translate

# A protobuf message ends at 2 GiB.
_INLINE_BYTES = 1 << 30


def write_onnx(model: MxnetModel, wanted: Wanted, target: Path) -> None:
    """Writes `target`, weights beside it where they are too large to be in it.

    Inputs have the names of the model's, with the dtypes and shapes of `wanted.inputs`; outputs
    have the model's names. Raises ConversionFailed for what does not translate, InvalidInput for
    inputs that do not fit.
    """
    # As MXNet itself reads it: it brings symbols of older versions to today's form.
    graph = graph_of(json.loads(model.symbol.tojson()))
    check_translatable(graph)
    inputs = [_info(each["name"], each["dtype"], each["shape"]) for each in wanted.inputs]
    dtypes = {each["name"]: np.dtype(each["dtype"]) for each in wanted.inputs}
    shapes = {each["name"]: tuple(each["shape"]) for each in wanted.inputs}
    outputs = _outputs(model, shapes, dtypes)
    made = translate(graph, model.params, dtypes, _reshaped(graph, shapes))
    heads = [made.values[node][number].name for node, number in graph.heads]
    names = [each.name for each in outputs]
    _name_outputs(made, heads, names, {each.name for each in inputs})
    nodes, weights = folded(made.nodes, inputs, made.initializers, names, OPSET)
    proto = helper.make_model(
        helper.make_graph(nodes, "mxnet", inputs, outputs, weights),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=helper.find_min_ir_version_for([helper.make_opsetid("", OPSET)]),
    )
    external = sum(wanted.sizes) > _INLINE_BYTES
    onnx.save_model(proto, target, save_as_external_data=external, location=f"{target.name}.data")
    try:
        onnx.checker.check_model(str(target))
    except onnx.checker.ValidationError as error:
        raise ConversionFailed(f"MXNet's translation to ONNX is not valid: {error}") from None


def _info(name: str, dtype: str, shape: Sequence[int]) -> ValueInfoProto:
    return helper.make_tensor_value_info(
        name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape
    )


def _outputs(
    model: MxnetModel, shapes: dict[str, Shape], dtypes: dict[str, np.dtype]
) -> list[ValueInfoProto]:
    found_shapes = infer_shapes(model.symbol, shapes)
    _, found_dtypes, _ = model.symbol.infer_type(**dtypes)
    return [
        _info(name, np.dtype(dtype).name, shape)
        for (name, _), dtype, shape in zip(model.outputs, found_dtypes, found_shapes, strict=True)
    ]


def _reshaped(graph: Graph, shapes: dict[str, Shape]) -> dict[int, Shape]:
    """What nodes that reshape come to, by their numbers."""
    found = [index for index, node in enumerate(graph.nodes) if node.op == RESHAPE]
    if not found:
        return {}
    only = {**graph.json, "heads": [[index, 0, 0] for index in found]}
    symbol = mx.sym.load_json(json.dumps(only, ensure_ascii=False))
    return dict(zip(found, infer_shapes(symbol, shapes), strict=True))


def _name_outputs(made: Translation, heads: list[str], names: list[str], taken: set[str]) -> None:
    """Gives values the names that outputs have, by a node each, which any engine leaves out."""
    produced = {each for node in made.nodes for each in node.output}
    for head, name in zip(heads, names, strict=True):
        if name in produced or name in taken or name in {each.name for each in made.initializers}:
            raise ConversionFailed(f"output {name[:100]}: another value in the graph is called so")
        made.nodes.append(helper.make_node("Identity", [head], [name], name=f"output_{name}"))
