"""A model in ONNX Runtime."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from libraries import onnxruntime as ort

from ayci_runtime.adapter import InputSignature, Session
from ayci_runtime.errors import InferenceFailed, InvalidModel, typed
from ayci_runtime.tensors import Tensor

BFLOAT16 = 16  # onnx.TensorProto.BFLOAT16
DTYPES = {"float": "float32", "double": "float64"}
LEVELS = {
    "none": ort.GraphOptimizationLevel.ORT_DISABLE_ALL,
    "extended": ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "all": ort.GraphOptimizationLevel.ORT_ENABLE_ALL,
}


def options(level: str, threads: int) -> ort.SessionOptions:
    """Session options: the level of LEVELS, and threads that never spin."""
    made = ort.SessionOptions()
    made.graph_optimization_level = LEVELS[level]
    made.intra_op_num_threads = threads
    made.inter_op_num_threads = 1
    made.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    made.log_severity_level = 3
    # Spinning counts as CPU time and hides the work.
    made.add_session_config_entry("session.intra_op.allow_spinning", "0")
    made.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return made


def open_session(path: Path, made: ort.SessionOptions) -> ort.InferenceSession:
    """ONNX Runtime's session on the CPU alone; raises InvalidModel or OutOfMemory."""
    try:
        return ort.InferenceSession(path, made, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise typed(error, InvalidModel, path.name) from None


class OnnxSession(Session):
    """Feeds numpy arrays; ONNX Runtime's own values where numpy has no such type."""

    def __init__(self, path: Path, level: str, threads: int) -> None:
        self._session = open_session(path, options(level, threads))
        self.inputs = [_signature(node) for node in self._session.get_inputs()]
        self._names = [node.name for node in self._session.get_outputs()]
        types = [node.type for node in self._session.get_inputs() + self._session.get_outputs()]
        self._needs_values = any("bfloat16" in kind for kind in types)

    def bind(self, feed: Mapping[str, Tensor]) -> Callable[[], Any]:
        """See Session; the feed's arrays are used where they are."""
        if not self._needs_values:
            arrays = {name: tensor.data for name, tensor in feed.items()}
            return functools.partial(self._session.run, None, arrays)
        values = {name: _value(tensor) for name, tensor in feed.items()}
        return functools.partial(self._session.run_with_ort_values, None, values)

    def outputs(self, raw: Any) -> list[Tensor]:
        """See Session; sequences and maps come as one tensor per part, `name.part`."""
        return [
            tensor for name, value in zip(self._names, raw) for tensor in _tensors(name, value)
        ]


def _signature(node: Any) -> InputSignature:
    dtype = _dtype(node.type)
    if dtype is None:
        raise InvalidModel(f"input {node.name}: is a {node.type}; expected a tensor")
    return InputSignature(node.name, dtype, tuple(node.shape))


def _dtype(kind: str) -> str | None:
    if not kind.startswith("tensor("):
        return None
    inner = kind.removeprefix("tensor(").removesuffix(")")
    return DTYPES.get(inner, inner)


def _value(tensor: Tensor) -> ort.OrtValue:
    if tensor.dtype == "bfloat16":
        return ort.OrtValue.ortvalue_from_numpy_with_onnx_type(tensor.data, BFLOAT16)
    return ort.OrtValue.ortvalue_from_numpy(tensor.data)


def _tensors(name: str, value: Any) -> Iterator[Tensor]:
    if isinstance(value, ort.OrtValue):
        value = _array(name, value)
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, np.ndarray):
        kind = value.dtype.kind
        yield Tensor(name, "string" if kind in "OUS" else value.dtype.name, value)
    elif isinstance(value, dict):
        for part in sorted(value, key=str):
            yield from _tensors(f"{name}.{part}", np.asarray(value[part]))
    elif isinstance(value, list):
        for i, part in enumerate(value):
            yield from _tensors(f"{name}.{i}", part)
    elif isinstance(value, (str, int, float)):
        yield from _tensors(name, np.asarray(value))
    elif value is not None:
        raise InferenceFailed(f"output {name}: is a {type(value).__name__}; expected a tensor")


def _array(name: str, value: ort.OrtValue) -> Tensor | Any:
    if not value.has_value():
        return None
    if not value.is_tensor() or _dtype(value.data_type()) != "bfloat16":
        return value.numpy()
    data = ctypes.string_at(value.data_ptr(), value.tensor_size_in_bytes())
    return Tensor(name, "bfloat16", np.frombuffer(data, np.uint16).reshape(value.shape()))
