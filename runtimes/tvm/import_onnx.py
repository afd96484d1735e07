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
from ayci_runtime.errors import ConversionFailed, one_line, refused_operators
from ayci_runtime.inputs import check_signature
from ayci_runtime.onnx_check import check_model
from external_data import graphs_of, load_model
from imported import Imported, naming_operators
from tvm.relax.frontend.onnx import from_onnx

_DOMAINS = ("", "ai.onnx")
_FAILED = re.compile(r"Error converting operator (\w+)")


def read_onnx(path: Path, wanted: Wanted) -> Imported:
    """The model of a .onnx, for the shapes of `wanted.inputs`, weights as constants.

    It is read first: raises InvalidModel for one that reaches beyond itself, ConversionFailed that
    names operators that TVM lacks, InvalidInput, or what TVM raises.
    """
    check_model(path)
    model = load_model(path, wanted.scratch)
    check_domains(model.graph)
    inputs = graph_inputs(model.graph)
    for each in model.graph.output:
        _check_tensor("output", each)
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


def _check_tensor(kind: str, given: onnx.ValueInfoProto) -> None:
    found = given.type.WhichOneof("value")
    if found != "tensor_type":
        raise ConversionFailed(f"{kind} {given.name}: got {found}; expected tensor_type")


def _input_type(given: onnx.ValueInfoProto) -> InputType:
    _check_tensor("input", given)
    tensor = given.type.tensor_type
    dtype = onnx.TensorProto.DataType.Name(tensor.elem_type).lower()
    if dtype == "string":
        raise ConversionFailed(f"input {given.name}: got strings; expected a tensor of numbers")
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
    nodes = [node for each in graphs_of(graph) for node in each.node]
    found = {f"{node.domain}.{node.op_type}" for node in nodes if node.domain not in _DOMAINS}
    if found:
        raise refused_operators(found, "those that TVM reads")


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
