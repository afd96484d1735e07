"""Conversions of PyTorch models: to ONNX, and to TVM's Relax."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from time import perf_counter_ns

import torch
from adapter import EXPORTED, PytorchAdapter, use_threads
from ayci_runtime.adapter import Conversion, Wanted
from ayci_runtime.errors import ConversionFailed
from exported import load_program
from scripted import load_script
from to_onnx import write_program, write_script

ONNX = "model.onnx"
RELAX = "model.relax.json"
_BY_ONNX = "TVM reads no TorchScript: compiled by way of ONNX, as onnx+tvm is"


class PytorchConverter(PytorchAdapter):
    """Serves `vanilla`, for comparisons, and makes what `onnx` and `tvm` go on with."""

    conversions = ("onnx", "tvm")

    def convert(self, path: Path, wanted: Wanted, folder: Path) -> Conversion:
        """`onnx`: model.onnx. `tvm`: model.relax.json, or model.onnx of TorchScript.

        An exported program keeps its dynamic sizes; TorchScript, which tells no shapes, gets those
        of `wanted.inputs`.
        Raises ConversionFailed, InvalidModel, InvalidInput, or what torch and TVM raise.
        """
        if wanted.optimizer not in self.conversions:
            raise ConversionFailed(
                f"optimizer: got {wanted.optimizer}; expected {' or '.join(self.conversions)}"
            )
        use_threads(wanted.threads)
        if path.suffix != EXPORTED:
            module = load_script(path)
            made = _timed(ONNX, lambda: write_script(module, wanted, folder / ONNX))
            return replace(made, notes=(_BY_ONNX,)) if wanted.optimizer == "tvm" else made
        program = load_program(path)
        if wanted.optimizer == "tvm":
            # TVM takes as long to import as torch.
            from to_relax import write_relax

            return _timed(RELAX, lambda: write_relax(program, folder / RELAX))
        return _timed(ONNX, lambda: write_program(program, wanted.sizes, folder / ONNX))

    def versions(self) -> dict[str, str]:
        """torch, numpy and what the conversions are made with."""
        more = {name: metadata.version(name) for name in ("onnxscript", "apache-tvm")}
        return {**super().versions(), **more}


def _timed(entry: str, write: Callable[[], None]) -> Conversion:
    begin = perf_counter_ns()
    with torch.inference_mode():
        write()
    return Conversion(entry, (perf_counter_ns() - begin) / 1e6, None)
