"""What MXNet's ONNX translations of 2022 ask of the onnx package, which no longer has it.

Importing this, before mxnet.onnx, puts it in place.
"""

from __future__ import annotations

import sys
from types import ModuleType

import onnx
from onnx import TensorProto, helper

_TYPES = {
    helper.tensor_dtype_to_np_dtype(each): each
    for each in (
        *(TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BOOL),
        *(TensorProto.INT8, TensorProto.INT32, TensorProto.INT64, TensorProto.UINT8),
    )
}


def _install() -> None:
    mapping = ModuleType("onnx.mapping")
    mapping.NP_TYPE_TO_TENSOR_TYPE = _TYPES
    mapping.TENSOR_TYPE_TO_NP_TYPE = {number: dtype for dtype, number in _TYPES.items()}
    onnx.mapping = mapping
    sys.modules.setdefault("onnx.mapping", mapping)


_install()
