"""Real SavedModels, and some changed by hand, for the tests of both environments."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf
from runtime_requests import folder_artifact, input_of
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

ZOO = Path(__file__).resolve().parents[2] / "zoo" / "tensorflow.py"
ENTRY = "saved_model.pb"
LENGTH = 64
VECTOR = input_of("x", "float32", [2, 4])


def write_zoo(folder: Path, *names: str) -> Path:
    """Writes the nets by the zoo's own command."""
    subprocess.run([sys.executable, str(ZOO), str(folder), *names], check=True)
    return folder


def inputs_of(name: str, batch: int) -> list[dict]:
    """The input specs of a net of the zoo."""
    if name == "bert":
        ids = input_of("input_ids", "int64", [batch, LENGTH], "range", low=0, high=2000)
        return [ids, input_of("attention_mask", "int64", [batch, LENGTH], "ones")]
    size = 32 if name == "small" else 224
    return [input_of("image", "float32", [batch, size, size, 3])]


def artifact_of(folder: Path) -> dict:
    return folder_artifact(folder, ENTRY)


class Scaled(tf.Module):
    """`y` = 3 x, and what `more` does."""

    def __init__(self) -> None:
        self.weight = tf.Variable(3.0)

    def function(self, more: Callable[[], object] = lambda: None):
        def call(x: tf.Tensor) -> dict[str, tf.Tensor]:
            more()
            return {"y": x * self.weight}

        spec = tf.TensorSpec([None, 4], tf.float32, "x")
        return tf.function(call, autograph=False).get_concrete_function(spec)


def save(folder: Path, more: Callable[[], object] = lambda: None, **attributes: object) -> Path:
    """A model that does `more` when it is served, and has these attributes."""
    module = Scaled()
    for name, value in attributes.items():
        setattr(module, name, value)
    tf.saved_model.save(module, folder, signatures=module.function(more))
    return folder


def edit(folder: Path, change: Callable[[SavedModel], None]) -> None:
    """Changes the message in saved_model.pb."""
    saved = SavedModel()
    saved.ParseFromString((folder / ENTRY).read_bytes())
    change(saved)
    (folder / ENTRY).write_bytes(saved.SerializeToString())


UNCHECKED = """
import sys, tensorflow as tf
loaded = tf.saved_model.load(sys.argv[1], sys.argv[2:] or None)
loaded.signatures["serving_default"](x=tf.ones([2, 4]))
"""


def run_unchecked(folder: Path, *tags: str) -> None:
    """Loads and serves a model as TensorFlow does by itself, in another process."""
    command = [sys.executable, "-c", UNCHECKED, str(folder), *tags]
    subprocess.run(command, check=True, capture_output=True)
