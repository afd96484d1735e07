"""The conversion of MXNet models: to ONNX."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter_ns

import onnx
from adapter import MxnetAdapter
from ayci_runtime.adapter import Conversion, Wanted
from ayci_runtime.errors import ConversionFailed
from to_onnx import write_onnx

ENTRY = "model.onnx"


class MxnetConverter(MxnetAdapter):
    """Serves `vanilla`, for comparisons, and makes what `onnx` goes on with."""

    conversions = ("onnx",)

    def convert(self, path: Path, wanted: Wanted, folder: Path) -> Conversion:
        """`onnx`: model.onnx for the shapes of `wanted.inputs`.

        Raises ConversionFailed, InvalidModel, InvalidInput, or what MXNet raises.
        """
        if wanted.optimizer not in self.conversions:
            raise ConversionFailed(
                f"optimizer: got {wanted.optimizer}; expected {' or '.join(self.conversions)}"
            )
        model = self.load(path, "vanilla", wanted.threads)
        begin = perf_counter_ns()
        write_onnx(model, wanted, folder / ENTRY)
        return Conversion(ENTRY, (perf_counter_ns() - begin) / 1e6, None)

    def versions(self) -> dict[str, str]:
        """MXNet, numpy and the onnx package."""
        return {**super().versions(), "onnx": onnx.__version__}
