"""Writes an ONNX model in 8-bit integers, by ONNX Runtime's quantization."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter_ns

import numpy as np
import onnx
from ayci_runtime.adapter import Conversion, Wanted
from ayci_runtime.errors import ConversionFailed
from ayci_runtime.tensors import Tensor
from convert import is_external
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

# Sets of inputs that the ranges of activations are taken from.
CALIBRATIONS = 4
# The first opset with a scale for each channel.
OPSET = 13
_CONVOLUTIONS = ("Conv", "ConvTranspose")
_PRODUCTS = ("MatMul", "Gemm")
_QUANTIZED = ("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear")


class Feeds(CalibrationDataReader):
    """Seeded inputs, one set after another."""

    def __init__(self, wanted: Wanted) -> None:
        self.sets: Iterator[list[Tensor]] = map(wanted.feeds, range(CALIBRATIONS))

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next set by name; None after the last."""
        feeds = next(self.sets, None)
        return None if feeds is None else {each.name: each.array for each in feeds}


def write_quantized(path: Path, target: Path, wanted: Wanted) -> Conversion:
    """Quantizes `path` to `target`: weights to int8, a scale a channel, activations to uint8.

    Sums of products fit into sixteen bits, so that CPUs without VNNI answer alike.

    Convolutional nets are calibrated, and the operators between are quantized as well; others, as
    encoders, have their matrix products quantized by the range that each inference finds: with
    ranges fixed beforehand normalization and softmax answer far otherwise. The time includes
    loading and writing. Raises ConversionFailed where nothing can be quantized, or what the
    libraries raise.
    """
    begin = perf_counter_ns()
    external = is_external(wanted.sizes)
    prepared = _prepared(path, wanted.scratch, external)
    convolutions, products = _count(prepared, _CONVOLUTIONS), _count(prepared, _PRODUCTS)
    static = convolutions > products
    common = {
        "per_channel": True,
        # Seven bits of weights: CPUs without VNNI, as some of Lambda's may be, add two products in
        # sixteen bits, and with eight would answer by what is left of the sum.
        "reduce_range": True,
        "weight_type": QuantType.QInt8,
        "use_external_data_format": external,
    }
    if static:
        quantize_static(
            prepared,
            target,
            Feeds(wanted),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            **common,
        )
    elif products:
        quantize_dynamic(prepared, target, op_types_to_quantize=[*_PRODUCTS, "Gather"], **common)
    if not target.exists() or _quantized(target) <= _quantized(prepared):
        raise ConversionFailed(
            "operators: got no convolution or matrix product of float32 with constant weights;"
            " expected one to quantize. Use another optimizer than onnx-int8"
        )
    return Conversion(target.name, (perf_counter_ns() - begin) / 1e6, None, (_note(static),))


def _note(static: bool) -> str:
    if static:
        return f"int8: ranges of activations calibrated on {CALIBRATIONS} sets of seeded inputs"
    return "int8: ranges of activations found by each inference, as suits encoders"


def _prepared(path: Path, scratch: Path, external: bool) -> Path:
    """The model in an opset that has what is needed, its shapes inferred, simplified."""
    opsets = onnx.load(path, load_external_data=False).opset_import
    if any(each.domain in ("", "ai.onnx") and each.version < OPSET for each in opsets):
        newer = onnx.version_converter.convert_version(onnx.load(path), OPSET)
        path = scratch / "newer.onnx"
        onnx.save(newer, path, save_as_external_data=external)
    prepared = scratch / "prepared.onnx"
    # Symbolic shapes would need another library; what has no shape is only not quantized.
    quant_pre_process(
        path,
        prepared,
        skip_symbolic_shape=True,
        save_as_external_data=external,
        all_tensors_to_one_file=True,
        external_data_location=f"{prepared.name}.data" if external else None,
    )
    return prepared


def _quantized(path: Path) -> int:
    return _count(path, _QUANTIZED)


def _count(path: Path, kinds: tuple[str, ...]) -> int:
    graph = onnx.load(path, load_external_data=False).graph
    return sum(node.op_type in kinds for node in graph.node)
