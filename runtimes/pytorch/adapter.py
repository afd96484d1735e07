"""PyTorch models: exported programs and TorchScript."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from ayci_runtime.adapter import Adapter, LoadedModel
from ayci_runtime.errors import InvalidModel
from exported import ExportedModel, load_program
from scripted import ScriptedModel, load_script

EXPORTED = ".pt2"
SCRIPTED = ".pt"


def use_threads(threads: int) -> None:
    """`threads` within an operator, one operator at a time."""
    torch.set_num_threads(threads)
    if torch.get_num_interop_threads() != 1:
        torch.set_num_interop_threads(1)


class PytorchAdapter(Adapter):
    """`vanilla`: the module as torch runs it, in inference mode."""

    framework = "pytorch"
    optimizers = ("vanilla",)

    def load(self, path: Path, optimizer: str, threads: int) -> LoadedModel:
        """The model of a .pt2 or .pt, whose archive is read before torch opens it."""
        use_threads(threads)
        if path.suffix == EXPORTED:
            return ExportedModel(load_program(path))
        if path.suffix == SCRIPTED:
            return ScriptedModel(load_script(path))
        raise InvalidModel(f"{path.name}: got {path.suffix!r}; expected {EXPORTED} or {SCRIPTED}")

    def versions(self) -> dict[str, str]:
        """torch and numpy."""
        return {"torch": torch.__version__, "numpy": np.__version__}
