"""Writes an ONNX model in OpenVINO's intermediate representation."""

from __future__ import annotations

import platform
import re
from pathlib import Path
from time import perf_counter_ns

import openvino as ov
from ayci_runtime.adapter import Conversion
from ayci_runtime.errors import ConversionFailed

# As OpenVINO's own command line does: else operators stay that older versions do not run.
from openvino._offline_transformations import apply_moc_transformations
from openvino.frontend import FrontEndManager

# What all operators of OpenVINO 2025.2 are in, the newest that Amazon Linux 2023 runs on arm64.
ARM64_OPSET = 15
_VERSIONED = re.compile(r'type="(\w+)" version="opset(\d+)"')


def write_ir(path: Path, target: Path, hardware: str) -> Conversion:
    """Reads `path` as ONNX and nothing else; writes `target` and a .bin, floats as they are.

    Names of inputs and outputs and dynamic sizes stay. Operators without a conversion are
    OpenVINO's own errors. The time includes reading and writing.
    Raises ConversionFailed for strings, a model without outputs, and operators too new for
    `hardware`.
    """
    begin = perf_counter_ns()
    reader = FrontEndManager().load_by_framework("onnx")
    model = reader.convert(reader.load(str(path)))
    if not model.outputs:
        raise ConversionFailed("graph: got no outputs; expected some. Export the model again")
    for port in (*model.inputs, *model.outputs):
        _refuse_texts(port)
    apply_moc_transformations(model, cf=False, smart_reshape=False)
    ov.save_model(model, target, compress_to_fp16=False)
    if hardware == "arm64" and platform.machine() == "x86_64":
        _refuse_newer(target)
    return Conversion(target.name, (perf_counter_ns() - begin) / 1e6, None)


def _refuse_texts(port: ov.Output) -> None:
    # OpenVINO 2026.4 frees memory that it does not own where strings are fed from Python.
    if port.element_type == ov.Type.string:
        raise ConversionFailed(
            f"tensor {port.any_name[:100]}: got strings; expected numbers. Use another optimizer than"
            " openvino, or export the model without its text processing"
        )


def _refuse_newer(written: Path) -> None:
    found = _VERSIONED.findall(written.read_text(encoding="utf-8"))
    newer = sorted({f"{name} (opset{opset})" for name, opset in found if int(opset) > ARM64_OPSET})
    if newer:
        written.unlink()
        written.with_suffix(".bin").unlink()
        raise ConversionFailed(
            f"operators: got {', '.join(newer)}; expected those up to opset{ARM64_OPSET}, which"
            " OpenVINO 2025.2 runs on arm64. Use x86_64, or another optimizer than openvino"
        )
