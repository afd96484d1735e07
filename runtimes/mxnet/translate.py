"""MXNet's operators as ONNX's, by the translations that come with MXNet 1.9.1.

Its own `export_model` around them takes minutes for the weights, lists them as inputs, and stamps
an opset that they were not written for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import compat_onnx  # noqa: F401
import mxnet.onnx  # noqa: F401
import numpy as np
from ayci_runtime.errors import ConversionFailed, one_line
from corrected import CORRECTED, Translation, Value, fixed_gamma
from mxnet.onnx.mx2onnx._export_onnx import MXNetGraph
from onnx import NodeProto, numpy_helper
from symbol import Graph, Node, is_variable

# The newest that the translations know, and the oldest that they fall back to.
OPSET = 13
_OLDEST = 12
_SHOWN = 60


def check_translatable(graph: Graph) -> None:
    """Raises ConversionFailed that names the operators which have no translation."""
    registered = (MXNetGraph.registry_[version] for version in range(_OLDEST, OPSET + 1))
    known = set(CORRECTED).union(*registered)
    unknown = sorted({node.op for node in graph.nodes} - known)
    if unknown:
        shown = ", ".join(op[:_SHOWN] for op in unknown[:5])
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        raise ConversionFailed(
            f"operators: got {shown}{more}, which MXNet does not translate to ONNX."
            " Measure this model without converting it (vanilla)"
        )


def translate(
    graph: Graph,
    weights: Mapping[str, Any],
    inputs: Mapping[str, np.dtype],
    shapes: Mapping[int, Sequence[int]],
) -> Translation:
    """Translates a graph, node by node.

    `weights`: MXNet's arrays, by name. `shapes`: what nodes that reshape come to, by their numbers.
    Raises ConversionFailed that names the node which its translation refuses.
    """
    made = Translation()
    for index, node in enumerate(graph.nodes):
        if is_variable(node):
            made.values.append([_variable(node, weights, inputs, made)])
            continue
        name = f"{index}_{_plain(node.name)}"
        try:
            correct = CORRECTED.get(node.op)
            values = (
                correct(name, node, made, shapes.get(index))
                if correct
                else _by_mxnet(index, name, node, made)
            )
        except Exception as error:
            raise ConversionFailed(
                f"operator {node.op[:_SHOWN]} (node {node.name[:_SHOWN]}): MXNet does not translate"
                f" it to ONNX as it is used here: {one_line(error)}"
            ) from None
        made.values.append(values)
    return made


def _variable(
    node: Node, weights: Mapping[str, Any], inputs: Mapping[str, np.dtype], made: Translation
) -> Value:
    if node.name not in weights:
        # Else a label, which feeds no operator that is left.
        return Value(node.name, inputs.get(node.name, np.dtype(np.float32)))
    values = weights[node.name].asnumpy()
    made.initializers.append(numpy_helper.from_array(values, node.name))
    return Value(node.name, values.dtype)


def _plain(name: str) -> str:
    """A node's name, without what the translations would read in it."""
    return re.sub(r"_r(?=minusscalar|divscalar)", "_r-", name)[:_SHOWN]


def _by_mxnet(index: int, name: str, node: Node, made: Translation) -> list[Value]:
    values, inputs = fixed_gamma(name, node, made)
    nodes, dtypes = MXNetGraph.convert_layer(
        {"op": node.op, "name": name, "attrs": node.attrs, "inputs": inputs},
        is_input=False,
        mx_graph=[],
        weights={},
        proc_nodes=made.nodes,
        initializer=made.initializers,
        outputs_lookup=values,
        idx=index,
        opset_version=OPSET,
    )
    made.nodes += [each for each in nodes if isinstance(each, NodeProto)]
    # The first output is called as the node is, or those of one with several by their numbers.
    possible = {name: -1, **{f"{name}{number}": number for number in range(100)}}
    given = [each for one in nodes for each in getattr(one, "output", ()) if each in possible]
    names = sorted(given, key=possible.__getitem__) or [nodes[-1].name]
    dtypes = dtypes or [values[inputs[0][0]][inputs[0][1]].dtype] * len(names)
    return [Value(each, np.dtype(dtype)) for each, dtype in zip(names, dtypes, strict=True)]
