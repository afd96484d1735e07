"""Operators whose translations to ONNX, in MXNet 1.9.1, are wrong or know too few cases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper
from symbol import Node

RESHAPE = "Reshape"
_TRUE = ("True", "true", "1")


@dataclass(frozen=True)
class Value:
    """A value in the ONNX graph, as the translations look it up."""

    name: str
    dtype: np.dtype


@dataclass
class Translation:
    """The ONNX graph so far; `values`: by MXNet node, what each of its outputs is."""

    nodes: list[NodeProto] = field(default_factory=list)
    initializers: list[TensorProto] = field(default_factory=list)
    values: list[list[Value]] = field(default_factory=list)

    def input(self, node: Node, place: int) -> Value:
        """What a node takes there."""
        index, number = node.inputs[place]
        return self.values[index][number]

    def constant(self, name: str, values: np.ndarray) -> Value:
        """A new initializer."""
        self.initializers.append(numpy_helper.from_array(values, name))
        return Value(name, values.dtype)


def _reshape(name: str, node: Node, made: Translation, shape: Sequence[int] | None) -> list[Value]:
    """To what MXNet infers: it has more ways to tell a shape than ONNX."""
    given = made.input(node, 0)
    target = made.constant(f"{name}_shape", np.array(shape, dtype=np.int64))
    made.nodes.append(helper.make_node("Reshape", [given.name, target.name], [name], name=name))
    return [Value(name, given.dtype)]


def _reversed(op: str) -> Callable[..., list[Value]]:
    """A scalar on the left; the translation takes it for one on the right, but by Gluon's names."""

    def translated(name: str, node: Node, made: Translation, _shape: object) -> list[Value]:
        given = made.input(node, 0)
        value = float(node.attrs["scalar"])
        if given.dtype.kind != "f" and not (op == "Sub" and value.is_integer()):
            raise ValueError(f"{value} with {given.dtype}")
        scalar = made.constant(f"{name}_scalar", np.array(value, given.dtype))
        made.nodes.append(helper.make_node(op, [scalar.name, given.name], [name], name=name))
        return [Value(name, given.dtype)]

    return translated


# (name, node, translation so far, inferred shape) to the node's values.
CORRECTED: dict[str, Callable[..., list[Value]]] = {
    RESHAPE: _reshape,
    "_rminus_scalar": _reversed("Sub"),
    "_rdiv_scalar": _reversed("Div"),
    "_rpower_scalar": _reversed("Pow"),
}


def fixed_gamma(
    name: str, node: Node, made: Translation
) -> tuple[list[list[Value]], list[list[int]]]:
    """A node's values to look up and its inputs.

    The translation of a batch normalization forgets `fix_gamma`, by which every gamma counts as 1.
    """
    inputs = [[*entry, 0] for entry in node.inputs]
    if node.op != "BatchNorm" or node.attrs.get("fix_gamma", "True") not in _TRUE:
        return made.values, inputs
    gamma = made.input(node, 1)
    found = next((each for each in made.initializers if each.name == gamma.name), None)
    if found is None:
        raise ValueError("its gamma is fixed, but no parameter")
    ones = made.constant(f"{name}_gamma", np.ones(found.dims, gamma.dtype))
    return [*made.values, [ones]], [inputs[0], [len(made.values), 0, 0], *inputs[2:]]
