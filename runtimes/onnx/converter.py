"""Conversions of ONNX models: the serving runtime's own, and int8."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from adapter import OnnxAdapter
from ayci_runtime.adapter import Conversion, Wanted
from ayci_runtime.onnx_check import check_model


class OnnxConverter(OnnxAdapter):
    """Serves `vanilla` too, for comparisons."""

    conversions = ("onnx", "onnx-int8")

    def convert(self, path: Path, wanted: Wanted, folder: Path) -> Conversion:
        """`onnx`: as the serving runtime does; `onnx-int8`: quantized."""
        if wanted.optimizer != "onnx-int8":
            return super().convert(path, wanted, folder)
        check_model(path)
        # It brings onnx and more, which optimizing does without.
        from quantize import write_quantized

        return write_quantized(path, folder / path.name, wanted)

    def versions(self) -> dict[str, str]:
        """Those of serving, and onnx."""
        return {**super().versions(), "onnx": metadata.version("onnx")}
