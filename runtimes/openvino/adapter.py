"""Models in OpenVINO's own format, and how ONNX models become such."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
from ayci_runtime.adapter import Adapter, Conversion, Wanted
from ayci_runtime.errors import ConversionFailed, InvalidModel
from ayci_runtime.onnx_check import check_model
from compiled import CompiledModel, load_compiled
from convert import write_ir
from messages import plain_errors

IR = ".xml"
# As OpenVINO writes it: else it would try its readers of other formats too.
_BEGIN = b"<?xml"
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
        with path.open("rb") as file:
            if file.read(len(_BEGIN)) != _BEGIN:
                raise InvalidModel(
                    f"{path.name}: got what does not begin with {_BEGIN.decode()}; expected what"
                    " OpenVINO writes. Convert the model again"
                )
        with plain_errors():
            return load_compiled(path, threads)

    def convert(self, path: Path, wanted: Wanted, folder: Path) -> Conversion:
        """`model.onnx`, read first, to `model.xml` and `model.bin`, its dynamic sizes kept."""
        if path.suffix != ONNX:
            raise ConversionFailed(
                f"{path.name}: got {path.suffix!r}; expected {ONNX}. Convert it to ONNX first"
            )
        check_model(path)
        with plain_errors():
            return write_ir(path, folder / f"{path.stem}{IR}", wanted.hardware)

    def versions(self) -> dict[str, str]:
        """OpenVINO and numpy."""
        return {"openvino": ov.__version__.partition("-")[0], "numpy": np.__version__}
