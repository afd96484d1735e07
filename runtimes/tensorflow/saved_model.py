"""A SavedModel's signature as a model: loaded, fed, run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import ml_dtypes
import numpy as np
import tensorflow as tf
from assets import check_paths
from ayci_runtime.adapter import LoadedModel
from ayci_runtime.errors import InvalidModel
from ayci_runtime.tensors import Tensor
from check import check_graphs
from meta_graph import read_meta_graph
from signature import Signature, chosen, signature_of

ConcreteFunction = Callable[..., dict[str, tf.Tensor]]


def load_checked(path: Path) -> tuple[ConcreteFunction, Signature]:
    """The chosen signature's function, and what it takes and gives.

    `path`: a saved_model.pb, which is read and checked first. Raises InvalidModel, or what
    TensorFlow raises.
    """
    check_paths(path)
    saved, meta = read_meta_graph(path)
    check_graphs(saved, meta)
    name = chosen(meta, path)
    signature = signature_of(meta, name)
    tags = list(meta.meta_info_def.tags)
    # Constants are in it too, which TensorFlow is about to read once more.
    del saved, meta
    loaded = tf.saved_model.load(path.parent, tags)
    if name not in loaded.signatures:
        raise InvalidModel(f"signature {name}: TensorFlow loads none of that name")
    function = loaded.signatures[name]
    # The function alone does not keep its variables alive.
    function.model = loaded
    return function, signature


class SavedModel(LoadedModel):
    """A signature and how to feed it."""

    def __init__(self, function: ConcreteFunction, signature: Signature) -> None:
        self.inputs = signature.inputs
        self.outputs = signature.outputs
        self._function = function

    def bind(self, feeds: Sequence[Tensor]) -> Callable[[], object]:
        """A call of the signature on tensors, its outputs as numpy arrays."""
        function = self._function
        given = {each.name: _tensor(each) for each in feeds}
        return lambda: {name: value.numpy() for name, value in function(**given).items()}

    def tensors(self, raw: object) -> list[Tensor]:
        """The outputs, sorted by name."""
        return [_named(name, raw[name]) for name, _ in self.outputs]


def _tensor(feed: Tensor) -> tf.Tensor:
    bits = feed.dtype == "bfloat16"
    return tf.constant(feed.array.view(ml_dtypes.bfloat16) if bits else feed.array)


def _named(name: str, value: np.ndarray | bytes) -> Tensor:
    array = np.asarray(value)
    if array.dtype.kind in "OS":
        texts = np.asarray([_text(each) for each in array.flat], dtype=object)
        return Tensor(name, "string", texts.reshape(array.shape))
    if array.dtype == ml_dtypes.bfloat16:
        return Tensor(name, "bfloat16", array.view(np.uint16))
    return Tensor(name, array.dtype.name, array)


def _text(value: bytes) -> str:
    # A string of TensorFlow's is any bytes.
    return value.decode("utf-8", "backslashreplace")
