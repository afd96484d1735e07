"""TensorFlow models: SavedModels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf
from ayci_runtime.adapter import Adapter
from saved_model import SavedModel, load_checked
from threads import use_threads


class TensorflowAdapter(Adapter):
    """`vanilla`: one signature of the model, as TensorFlow runs it."""

    framework = "tensorflow"
    optimizers = ("vanilla",)

    def load(self, path: Path, optimizer: str, threads: int) -> SavedModel:
        """The model of a saved_model.pb, which is read before TensorFlow loads it.

        Raises InvalidModel, InvalidRequest (threads), or what TensorFlow raises.
        """
        use_threads(threads)
        return SavedModel(*load_checked(path))

    def versions(self) -> dict[str, str]:
        """TensorFlow and numpy."""
        return {"tensorflow": tf.__version__, "numpy": np.__version__}
