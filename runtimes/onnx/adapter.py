"""ONNX models on ONNX Runtime."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort
from ayci_runtime.adapter import Adapter, Conversion, InputType, LoadedModel, Wanted
from ayci_runtime.errors import InvalidModel
from ayci_runtime.onnx_check import check_model
from ayci_runtime.tensors import NUMPY_DTYPES, Tensor
from convert import is_external, write_optimized
from session import Level, options, session

# TensorProto.BFLOAT16 of onnx.proto.
BFLOAT16 = 16
_NAMES = {"float": "float32", "double": "float64"}
_LEVELS = {
    "vanilla": Level.ORT_DISABLE_ALL,
    "onnx": Level.ORT_ENABLE_ALL,
    "onnx-int8": Level.ORT_ENABLE_ALL,
}


def dtype_of(onnx_type: str) -> str | None:
    """The dtype of 'tensor(float)' and the like; None for sequences, maps and other elements."""
    found = re.fullmatch(r"tensor\((\w+)\)", onnx_type)
    name = _NAMES.get(found[1], found[1]) if found else None
    return name if name in NUMPY_DTYPES else None


class OnnxModel(LoadedModel):
    """A session and how to feed it."""

    def __init__(self, loaded: ort.InferenceSession) -> None:
        self.session = loaded
        self.inputs = [_input_type(each) for each in loaded.get_inputs()]
        self.outputs = [(each.name, dtype_of(each.type)) for each in loaded.get_outputs()]

    def bind(self, feeds: Sequence[Tensor]) -> Callable[[], object]:
        """`session.run` on numpy arrays, as users do; on OrtValues where bfloat16 comes out."""
        run = self.session.run
        given = {each.name: _ort_value(each) for each in feeds}
        if any(dtype == "bfloat16" for _, dtype in self.outputs):
            run = self.session.run_with_ort_values
            given = {
                name: value
                if isinstance(value, ort.OrtValue)
                else ort.OrtValue.ortvalue_from_numpy(value)
                for name, value in given.items()
            }
        return lambda: run(None, given)

    def tensors(self, raw: object) -> list[Tensor]:
        """The outputs; a sequence or map is told by its parts, as `name[0]` or `name.keys`."""
        return [
            tensor
            for (name, dtype), value in zip(self.outputs, raw, strict=True)
            for tensor in _flattened(name, dtype, value)
        ]


def _input_type(each: ort.NodeArg) -> InputType:
    dtype = dtype_of(each.type)
    if dtype is None:
        raise InvalidModel(
            f"input {each.name[:100]} is a {each.type[:100]}, which AYCI cannot feed"
        )
    return InputType(each.name, dtype, tuple(each.shape))


def _ort_value(feed: Tensor) -> np.ndarray | ort.OrtValue:
    if feed.dtype != "bfloat16":
        return feed.array
    return ort.OrtValue.ortvalue_from_numpy_with_onnx_type(feed.array, BFLOAT16)


def _flattened(name: str, dtype: str | None, value: object) -> Iterator[Tensor]:
    if isinstance(value, ort.OrtValue) and value.data_type() == "tensor(bfloat16)":
        yield Tensor(name, dtype or "bfloat16", _bfloat16_bits(value))
    elif isinstance(value, ort.OrtValue):
        yield from _flattened(name, dtype, value.numpy())
    elif isinstance(value, np.ndarray):
        text = value.dtype.kind in "OUS"
        yield Tensor(name, "string" if text else value.dtype.name, value)
    elif isinstance(value, list | tuple):
        for index, each in enumerate(value):
            yield from _flattened(f"{name}[{index}]", None, each)
    elif isinstance(value, dict):
        yield from _flattened(f"{name}.keys", None, np.asarray(list(value.keys())))
        yield from _flattened(f"{name}.values", None, np.asarray(list(value.values())))
    elif value is not None:
        yield from _flattened(name, None, np.asarray(value))


def _bfloat16_bits(value: ort.OrtValue) -> np.ndarray:
    size = value.tensor_size_in_bytes()
    # An empty tensor has no address.
    data = ctypes.string_at(value.data_ptr(), size) if size else b""
    return np.frombuffer(data, dtype=np.uint16).reshape(value.shape())


class OnnxAdapter(Adapter):
    """`vanilla`: no graph optimization; `onnx`, `onnx-int8`: all of it, on converted ones."""

    framework = "onnx"
    optimizers = tuple(_LEVELS)
    conversions = ("onnx",)

    def load(self, path: Path, optimizer: str, threads: int) -> OnnxModel:
        """A session at the optimizer's level, of a model that was read before."""
        check_model(path)
        return OnnxModel(session(path, options(_LEVELS[optimizer], threads)))

    def convert(self, path: Path, wanted: Wanted, folder: Path) -> Conversion:
        """The graph optimized for any CPU of this architecture."""
        check_model(path)
        return write_optimized(path, folder / path.name, external=is_external(wanted.sizes))

    def versions(self) -> dict[str, str]:
        """ONNX Runtime and numpy."""
        return {"onnxruntime": ort.__version__, "numpy": np.__version__}
