"""TensorFlow Lite models to TVM's Relax."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tflite
from ayci_runtime.adapter import InputType, Wanted
from ayci_runtime.errors import ConversionFailed
from ayci_runtime.inputs import check_signature
from imported import Imported, naming_operators
from tvm.relax.frontend.tflite import from_tflite

# The file identifier of TensorFlow Lite's schema, version 3, after the root's offset.
_IDENTIFIER = b"TFL3"
_DTYPES = {
    getattr(tflite.TensorType, dtype.upper()): dtype
    for dtype in (
        *("float16", "float32", "float64", "bool"),
        *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    )
}


def read_tflite(path: Path, wanted: Wanted) -> Imported:
    """The first graph of a .tflite, for the shapes of `wanted.inputs`.

    Raises ConversionFailed that names operators that TVM lacks, InvalidInput, or what TVM raises.
    """
    data = path.read_bytes()
    if data[4:8] != _IDENTIFIER:
        raise ConversionFailed(f"{path.name}: got no TensorFlow Lite model; expected one")
    model = tflite.Model.GetRootAsModel(data, 0)
    graph = model.Subgraphs(0)
    inputs, outputs = _names(model, graph)
    tensors = [graph.Tensors(int(index)) for index in graph.InputsAsNumpy()]
    types = [_input_type(*each) for each in zip(inputs, tensors, strict=True)]
    check_signature(wanted.inputs, types)
    shapes = {spec["name"]: tuple(spec["shape"]) for spec in wanted.inputs}
    # The importer goes by the names of tensors.
    by_tensor = {
        each.Name().decode(): shapes[name] for name, each in zip(inputs, tensors, strict=True)
    }
    with naming_operators():
        module = from_tflite(model, shape_dict=by_tensor)
    return Imported(module, inputs, outputs)


def _names(model: tflite.Model, graph: tflite.SubGraph) -> tuple[Sequence[str], Sequence[str]]:
    """Names of inputs and outputs in the graph's order, of its signature where it has one."""
    count = model.SignatureDefsLength()
    found = [each for each in map(model.SignatureDefs, range(count)) if each.SubgraphIndex() == 0]
    indices = (graph.InputsAsNumpy(), graph.OutputsAsNumpy())
    if len(found) != 1:
        return tuple([graph.Tensors(int(i)).Name().decode() for i in each] for each in indices)
    (signature,) = found
    maps = (
        [signature.Inputs(i) for i in range(signature.InputsLength())],
        [signature.Outputs(i) for i in range(signature.OutputsLength())],
    )
    return tuple(map(_of_signature, indices, maps))


def _of_signature(indices: np.ndarray, maps: Sequence[tflite.TensorMap]) -> list[str]:
    names = {each.TensorIndex(): each.Name().decode() for each in maps}
    if not all(int(index) in names for index in indices):
        raise ConversionFailed("the signature does not name all inputs and outputs of the graph")
    return [names[int(index)] for index in indices]


def _input_type(name: str, tensor: tflite.Tensor) -> InputType:
    if tensor.Type() not in _DTYPES:
        raise ConversionFailed(f"input {name}: type {tensor.Type()}; expected numbers")
    told = tensor.ShapeSignatureAsNumpy() if tensor.ShapeSignatureLength() else None
    sizes = tensor.ShapeAsNumpy() if told is None else told
    dims = tuple(int(size) if size >= 0 else None for size in np.atleast_1d(sizes))
    return InputType(name, _DTYPES[tensor.Type()], dims if tensor.ShapeLength() else ())
