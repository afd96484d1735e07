"""Writes an ONNX model in OpenVINO's intermediate representation."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter_ns

import openvino as ov
from ayci_runtime.adapter import Conversion
from ayci_runtime.errors import ConversionFailed
from openvino.frontend import FrontEndManager


def write_ir(path: Path, target: Path) -> Conversion:
    """Reads `path` as ONNX and nothing else; writes `target` and a .bin, floats as they are.

    Names of inputs and outputs and dynamic sizes stay. Operators without a conversion and data
    outside the model's folder are OpenVINO's own errors. The time includes reading and writing.
    Raises ConversionFailed for strings and for a model without outputs.
    """
    begin = perf_counter_ns()
    reader = FrontEndManager().load_by_framework("onnx")
    model = reader.convert(reader.load(str(path)))
    if not model.outputs:
        raise ConversionFailed("graph: got no outputs; expected one or more. Export the model again")
    for port in (*model.inputs, *model.outputs):
        _refuse_texts(port)
    ov.save_model(model, target, compress_to_fp16=False)
    return Conversion(target.name, (perf_counter_ns() - begin) / 1e6, None)


def _refuse_texts(port: ov.Output) -> None:
    # OpenVINO 2026.4 frees memory that it does not own where strings are fed from Python.
    if port.element_type == ov.Type.string:
        raise ConversionFailed(
            f"tensor {port.any_name}: got strings; expected numbers. Use another optimizer than"
            " openvino, or export the model without its text processing"
        )
