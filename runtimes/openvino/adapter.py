"""Models in OpenVINO's own format, and how ONNX models become such."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
from ayci_runtime.adapter import Adapter, Conversion, Wanted
from ayci_runtime.errors import ConversionFailed, InvalidModel
from compiled import CompiledModel, load_compiled
from convert import write_ir
from messages import plain_errors

IR = ".xml"
ONNX = ".onnx"


class OpenvinoAdapter(Adapter):
    """`openvino`: compiled for this CPU as it loads."""

    framework = "openvino"
    optimizers = ("openvino",)
    conversions = ("openvino",)

    def load(self, path: Path, optimizer: str, threads: int) -> CompiledModel:
        """The model of an .xml, its weights in the .bin beside it."""
        if path.suffix != IR:
            raise InvalidModel(
                f"{path.name}: got {path.suffix!r}; expected {IR}. Convert the model for OpenVINO"
            )
        with plain_errors():
            return load_compiled(path, threads)

    def convert(self, path: Path, wanted: Wanted, folder: Path) -> Conversion:
        """`model.onnx` to `model.xml` and `model.bin`, its sizes as dynamic as they are."""
        if path.suffix != ONNX:
            raise ConversionFailed(
                f"{path.name}: got {path.suffix!r}; expected {ONNX}. Convert it to ONNX first"
            )
        with plain_errors():
            return write_ir(path, folder / f"{path.stem}{IR}", wanted.hardware)

    def versions(self) -> dict[str, str]:
        """OpenVINO and numpy."""
        return {"openvino": ov.__version__.partition("-")[0], "numpy": np.__version__}
