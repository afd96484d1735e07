"""MXNet models: a symbol with its parameters."""

from __future__ import annotations

from pathlib import Path

import compat  # noqa: F401
import mxnet as mx
import numpy as np
from ayci_runtime.adapter import Adapter
from model import MxnetModel
from threads import use_threads


class MxnetAdapter(Adapter):
    """`vanilla`: a Module, whose operators MXNet fuses by itself."""

    framework = "mxnet"
    optimizers = ("vanilla",)

    def load(self, path: Path, optimizer: str, threads: int) -> MxnetModel:
        """The model of a NAME-symbol.json, with NAME-0000.params beside it.

        Raises InvalidModel, or what MXNet raises.
        """
        use_threads(threads)
        return MxnetModel(path)

    def versions(self) -> dict[str, str]:
        """MXNet and numpy."""
        return {"mxnet": mx.__version__, "numpy": np.__version__}
