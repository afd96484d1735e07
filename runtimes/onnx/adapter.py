"""ONNX models in ONNX Runtime: `vanilla` as they are, `onnx` with all graph optimizations."""

from __future__ import annotations

from pathlib import Path

from convert import optimize
from libraries import IMPORT_MS, VERSIONS
from session import OnnxModel, open_session, options

from ayci_runtime.adapter import Adapter, Conversion, LoadedModel


class OnnxAdapter(Adapter):
    """Hooks for ONNX Runtime."""

    framework = "onnx"
    optimizers = ("vanilla", "onnx")
    import_ms = IMPORT_MS

    def versions(self) -> dict[str, str]:
        """See Adapter."""
        return dict(VERSIONS)

    def load(self, path: Path, optimizer: str, threads: int) -> LoadedModel:
        """See Adapter."""
        level = "none" if optimizer == "vanilla" else "all"
        return OnnxModel(open_session(path, options(level, threads)))

    def convert(self, path: Path, optimizer: str, output: Path) -> Conversion:
        """See Adapter."""
        if optimizer == "vanilla":
            return super().convert(path, optimizer, output)
        return optimize(path, output)
