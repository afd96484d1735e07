"""Conversions of TensorFlow models: to ONNX, and to the TFLite that TVM reads."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter_ns

import onnx
import tf2onnx
from adapter import TensorflowAdapter
from ayci_runtime.adapter import Conversion, Wanted
from ayci_runtime.errors import ConversionFailed
from saved_model import load_checked
from threads import use_threads
from to_onnx import write_onnx
from to_tflite import write_tflite

ONNX = "model.onnx"
TFLITE = "model.tflite"


class TensorflowConverter(TensorflowAdapter):
    """Serves `vanilla`, for comparisons, and makes what `onnx` and `tvm` go on with."""

    conversions = ("onnx", "tvm")

    def convert(self, path: Path, wanted: Wanted, folder: Path) -> Conversion:
        """`onnx`: model.onnx, of any batch. `tvm`: model.tflite, of the shapes of `wanted.inputs`.

        The time includes loading. Raises ConversionFailed, InvalidModel, InvalidInput, or what the
        tools raise.
        """
        if wanted.optimizer not in self.conversions:
            raise ConversionFailed(
                f"optimizer: got {wanted.optimizer}; expected {' or '.join(self.conversions)}"
            )
        use_threads(wanted.threads)
        begin = perf_counter_ns()
        function, signature = load_checked(path)
        if wanted.optimizer == "onnx":
            entry = ONNX
            write_onnx(function, signature, folder / entry)
        else:
            entry = TFLITE
            write_tflite(function, signature, wanted, folder / entry)
        return Conversion(entry, (perf_counter_ns() - begin) / 1e6, None)

    def versions(self) -> dict[str, str]:
        """TensorFlow, numpy and what the conversions are made with."""
        more = {"tf2onnx": tf2onnx.__version__, "onnx": onnx.__version__}
        return {**super().versions(), **more}
