"""A model compiled by OpenVINO: its signature, and how to feed it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import openvino as ov
from ayci_runtime.adapter import InputType, LoadedModel
from ayci_runtime.errors import InvalidModel
from ayci_runtime.tensors import Tensor

_DTYPES = {
    **{f"f{bits}": f"float{bits}" for bits in (16, 32, 64)},
    **{f"i{bits}": f"int{bits}" for bits in (8, 16, 32, 64)},
    **{f"u{bits}": f"uint{bits}" for bits in (8, 16, 32, 64)},
    "bf16": "bfloat16",
    "boolean": "bool",
}


# For one request at a time.
_SETTINGS = {
    "PERFORMANCE_HINT": "LATENCY",
    "NUM_STREAMS": 1,
    # Else CPUs with bfloat16 compute in that, and answer otherwise than the others.
    "INFERENCE_PRECISION_HINT": "f32",
    # A pinned thread waits while another process has its CPU.
    "ENABLE_CPU_PINNING": False,
}


def load_compiled(path: Path, threads: int) -> CompiledModel:
    """The model compiled for this CPU. Raises what OpenVINO raises, or InvalidModel."""
    core = ov.Core()
    model = core.read_model(path)
    settings = {**_SETTINGS, "INFERENCE_NUM_THREADS": threads}
    return CompiledModel(model, core.compile_model(model, "CPU", settings))


class CompiledModel(LoadedModel):
    """The compiled model, called as users call it.

    Names are those of the model as it was read: compiling adds the names of what it fuses.
    """

    def __init__(self, model: ov.Model, compiled: ov.CompiledModel) -> None:
        self.compiled = compiled
        self.inputs = [_input_type(each) for each in model.inputs]
        self.outputs = [(each.any_name, _dtype(each)) for each in model.outputs]

    def bind(self, feeds: Sequence[Tensor]) -> Callable[[], object]:
        """One inference on numpy arrays by name."""
        given = {each.name: _value(each) for each in feeds}
        compiled = self.compiled
        return lambda: compiled(given)

    def tensors(self, raw: object) -> list[Tensor]:
        """The outputs in the model's order."""
        return [
            Tensor(name, dtype or value.dtype.name, _array(value, dtype))
            for (name, dtype), value in zip(self.outputs, raw.values(), strict=True)
        ]


def _dtype(port: ov.Output) -> str | None:
    return _DTYPES.get(port.element_type.get_type_name())


def _input_type(port: ov.Output) -> InputType:
    dtype, shape = _dtype(port), port.partial_shape
    if dtype is None:
        raise InvalidModel(
            f"input {port.any_name[:100]}: got {port.element_type.get_type_name()};"
            f" expected {', '.join(_DTYPES.values())}. Export the model with another input type"
        )
    if shape.rank.is_dynamic:
        return InputType(port.any_name, dtype, None)
    dims = tuple(dim.get_length() if dim.is_static else None for dim in shape)
    return InputType(port.any_name, dtype, dims)


def _value(feed: Tensor) -> np.ndarray | ov.Tensor:
    if feed.dtype != "bfloat16":
        return feed.array
    # numpy has no such type: OpenVINO shows its values as float16, of which only the bits count.
    made = ov.Tensor(ov.Type.bf16, ov.Shape(feed.array.shape))
    made.data.view(np.uint16)[...] = feed.array
    return made


def _array(value: np.ndarray, dtype: str | None) -> np.ndarray:
    return value.view(np.uint16) if dtype == "bfloat16" else value
