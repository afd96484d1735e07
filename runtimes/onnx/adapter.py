"""ONNX models in ONNX Runtime. No library of custom operators is ever registered."""

from __future__ import annotations

from pathlib import Path

from libraries import IMPORT_MS, VERSIONS  # first: the import of the libraries is timed

from ayci_runtime.adapter import Adapter, Conversion, Session
from ayci_runtime.errors import ConversionFailed


class OnnxAdapter(Adapter):
    """`vanilla` runs the graph as it is, `onnx` with all of ONNX Runtime's optimizations."""

    framework = "onnx"
    optimizers = frozenset({"vanilla", "onnx"})
    import_ms = IMPORT_MS

    def versions(self) -> dict[str, str]:
        """See Adapter."""
        return dict(VERSIONS)

    def load(self, path: Path, optimizer: str, threads: int) -> Session:
        """See Adapter."""
        from session import OnnxSession

        return OnnxSession(path, "none" if optimizer == "vanilla" else "all", threads)

    def convert(self, path: Path, target: Path, optimizer: str) -> Conversion:
        """See Adapter."""
        from convert import optimize

        if optimizer == "vanilla":
            raise ConversionFailed("optimizer vanilla: takes the model as it is")
        return optimize(path, target)
