"""A model in ONNX Runtime. No library of custom operators is ever registered."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from libraries import numpy as np
from libraries import onnxruntime as ort

from ayci_runtime.adapter import InputType, LoadedModel
from ayci_runtime.errors import InferenceFailed, InvalidModel
from ayci_runtime.tensors import Tensor

BFLOAT16 = 16  # onnx.TensorProto.BFLOAT16
DTYPES = {"float": "float32", "double": "float64"}
LEVELS = {
    "none": ort.GraphOptimizationLevel.ORT_DISABLE_ALL,
    "extended": ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "all": ort.GraphOptimizationLevel.ORT_ENABLE_ALL,
}


def options(level: str, threads: int) -> ort.SessionOptions:
    """Session options: a level of LEVELS, and threads that never spin."""
    made = ort.SessionOptions()
    made.graph_optimization_level = LEVELS[level]
    made.intra_op_num_threads = threads
    made.inter_op_num_threads = 1
    made.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    made.log_severity_level = 3
    # Spinning counts as CPU time and hides the work.
    made.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return made


def open_session(path: Path, made: ort.SessionOptions) -> ort.InferenceSession:
    """ONNX Runtime's session, on the CPU alone."""
    return ort.InferenceSession(str(path), made, providers=["CPUExecutionProvider"])


class OnnxModel(LoadedModel):
    """Feeds numpy arrays; ONNX Runtime's own values where numpy has no such type."""

    def __init__(self, session: ort.InferenceSession) -> None:
        self._session = session
        self.inputs = [_input_type(node) for node in session.get_inputs()]
        self._names = [node.name for node in session.get_outputs()]
        types = [node.type for node in (*session.get_inputs(), *session.get_outputs())]
        self._needs_values = any("bfloat16" in kind for kind in types)

    def bind(self, feeds: Sequence[Tensor]) -> Callable[[], object]:
        """See LoadedModel."""
        run = self._session.run
        if not self._needs_values:
            arrays = {tensor.name: tensor.array for tensor in feeds}
            return lambda: run(None, arrays)
        values = {tensor.name: _value(tensor) for tensor in feeds}
        run_values = self._session.run_with_ort_values
        return lambda: run_values(None, values)

    def tensors(self, raw: Any) -> list[Tensor]:
        """See LoadedModel; sequences and maps come as one tensor a part, `name.part`."""
        pairs = zip(self._names, raw, strict=True)
        return [tensor for name, value in pairs for tensor in _flat(name, value)]


def _dtype(kind: str) -> str | None:
    if not kind.startswith("tensor("):
        return None
    inner = kind.removeprefix("tensor(").removesuffix(")")
    return DTYPES.get(inner, inner)


def _input_type(node: Any) -> InputType:
    dtype = _dtype(node.type)
    if dtype is None:
        raise InvalidModel(f"input {node.name}: is a {node.type}; expected a tensor")
    return InputType(node.name, dtype, tuple(node.shape))


def _value(tensor: Tensor) -> ort.OrtValue:
    if tensor.dtype == "bfloat16":
        return ort.OrtValue.ortvalue_from_numpy_with_onnx_type(tensor.array, BFLOAT16)
    return ort.OrtValue.ortvalue_from_numpy(tensor.array)


def _flat(name: str, value: Any) -> Iterator[Tensor]:
    if isinstance(value, ort.OrtValue):
        yield from _of_value(name, value)
    elif isinstance(value, np.ndarray):
        yield Tensor(name, "string" if value.dtype.kind in "OUS" else value.dtype.name, value)
    elif isinstance(value, dict):
        for part in sorted(value, key=str):
            yield from _flat(f"{name}.{part}", np.asarray(value[part]))
    elif isinstance(value, list):
        for at, part in enumerate(value):
            yield from _flat(f"{name}.{at}", part)
    elif isinstance(value, str | int | float):
        yield from _flat(name, np.asarray(value))
    elif value is not None:
        raise InferenceFailed(f"output {name}: is a {type(value).__name__}; expected a tensor")


def _of_value(name: str, value: ort.OrtValue) -> Iterator[Tensor]:
    if not value.has_value():
        return
    if value.is_tensor() and _dtype(value.data_type()) == "bfloat16":
        data = ctypes.string_at(value.data_ptr(), value.tensor_size_in_bytes())
        yield Tensor(name, "bfloat16", np.frombuffer(data, np.uint16).reshape(value.shape()))
    else:
        yield from _flat(name, value.numpy())
