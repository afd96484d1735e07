"""ONNX models to TVM's Relax."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path

import onnx
from ayci_runtime.adapter import InputType, Wanted
from ayci_runtime.errors import ConversionFailed, one_line
from ayci_runtime.inputs import check_signature
from imported import Imported, naming_operators
from tvm.relax.frontend.onnx import from_onnx

_DOMAINS = ("", "ai.onnx")
_FAILED = re.compile(r"Error converting operator (\w+)")


def read_onnx(path: Path, wanted: Wanted) -> Imported:
    """The model of a .onnx, for the shapes of `wanted.inputs`, weights as constants.

    Raises ConversionFailed that names the operators that TVM lacks, InvalidInput, or what onnx raises.
    """
    model = onnx.load(path)
    check_domains(model.graph)
    inputs = graph_inputs(model.graph)
    check_signature(wanted.inputs, inputs)
    shapes = {spec["name"]: spec["shape"] for spec in wanted.inputs}
    with naming_operators(), _naming_failed(), warnings.catch_warnings():
        # It tells of each input that it renames.
        warnings.simplefilter("ignore")
        module = from_onnx(model, shape_dict=shapes, keep_params_in_input=False)
    names = [each.name for each in inputs]
    return Imported(module, names, [each.name for each in model.graph.output])


def graph_inputs(graph: onnx.GraphProto) -> list[InputType]:
    """What has to be fed: older models list their weights among the inputs."""
    weights = {each.name for each in graph.initializer}
    return [_input_type(each) for each in graph.input if each.name not in weights]


def _input_type(given: onnx.ValueInfoProto) -> InputType:
    if not given.type.HasField("tensor_type"):
        kind = given.type.WhichOneof("value")
        raise ConversionFailed(f"input {given.name}: got {kind}; expected a tensor")
    tensor = given.type.tensor_type
    dtype = onnx.TensorProto.DataType.Name(tensor.elem_type).lower()
    names = {"float": "float32", "double": "float64"}
    dims = tuple(
        dim.dim_value if dim.HasField("dim_value") else dim.dim_param or None
        for dim in tensor.shape.dim
    )
    return InputType(
        given.name, names.get(dtype, dtype), dims if tensor.HasField("shape") else None
    )


def check_domains(graph: onnx.GraphProto) -> None:
    """Raises ConversionFailed for operators of others than ONNX: TVM would go by the name alone."""
    found = sorted({f"{node.domain}.{node.op_type}" for node in _nodes(graph) if _custom(node)})
    if found:
        raise ConversionFailed(f"TVM has no operator {', '.join(found)}")


def _custom(node: onnx.NodeProto) -> bool:
    return node.domain not in _DOMAINS


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    graphs = [graph]
    while graphs:
        for node in graphs.pop().node:
            yield node
            for attribute in node.attribute:
                graphs += [attribute.g, *attribute.graphs]


@contextmanager
def _naming_failed() -> Iterator[None]:
    """TVM prints, and does not raise, which operator it was that it could not read."""
    printed = StringIO()
    try:
        with redirect_stdout(printed):
            yield
    except Exception as error:
        found = _FAILED.search(printed.getvalue())
        if found is None:
            raise
        raise ConversionFailed(f"operator {found[1]}: {one_line(error)}") from None
