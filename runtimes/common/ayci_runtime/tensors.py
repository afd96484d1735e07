"""Named arrays with an ONNX element type; bfloat16, which numpy lacks, travels as its bits."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

NUMPY_DTYPES: dict[str, np.dtype] = {
    **{
        name: np.dtype(name)
        for name in (
            *("float32", "float64", "float16", "bool"),
            *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        )
    },
    "bfloat16": np.dtype(np.uint16),
    "string": np.dtype(object),
}


@dataclass(frozen=True)
class Tensor:
    """One input or output: `array` holds bits (uint16) for bfloat16, `str` objects for string."""

    name: str
    dtype: str
    array: np.ndarray


def to_bfloat16(values: np.ndarray) -> np.ndarray:
    """The bits of finite float32 values as bfloat16, rounded to nearest, ties to even."""
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    rounded = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    return (rounded >> np.uint32(16)).astype(np.uint16).reshape(np.shape(values))


def from_bfloat16(bits: np.ndarray) -> np.ndarray:
    """The float32 values, all exact, of bfloat16 bits."""
    wide = np.ascontiguousarray(bits).astype(np.uint32) << np.uint32(16)
    return wide.view(np.float32).reshape(np.shape(bits))


def numbers(tensor: Tensor) -> np.ndarray:
    """A tensor's values as float64 (integers beyond 2^53 are rounded), same shape; not strings."""
    values = from_bfloat16(tensor.array) if tensor.dtype == "bfloat16" else tensor.array
    return values.astype(np.float64)


def fingerprint(tensors: Sequence[Tensor]) -> str:
    """SHA-256 over name, dtype, shape and bytes of each tensor, each of them length-prefixed."""
    digest = hashlib.sha256()
    for tensor in tensors:
        parts = [tensor.name.encode(), tensor.dtype.encode(), repr(tensor.array.shape).encode()]
        if tensor.dtype == "string":
            parts += [str(item).encode() for item in tensor.array.flat]
        else:
            parts.append(np.ascontiguousarray(tensor.array).tobytes())
        for part in parts:
            digest.update(len(part).to_bytes(8, "little"))
            digest.update(part)
    return digest.hexdigest()
