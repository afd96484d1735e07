"""Which signature of a SavedModel is served, and what it takes and gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf
from ayci_runtime.adapter import InputType
from ayci_runtime.errors import InvalidModel
from ayci_runtime.tensors import NUMPY_DTYPES
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef, TensorInfo

DEFAULT = "serving_default"
# Beside saved_model.pb: the name of the signature to serve.
CHOICE = "ayci-signature"
_LONGEST_CHOICE = 1024
_SHOWN = 10


@dataclass(frozen=True)
class Signature:
    """Inputs and outputs, sorted by name as TensorFlow sorts them."""

    inputs: list[InputType]
    outputs: list[tuple[str, str | None]]


def names_of(meta: MetaGraphDef) -> list[str]:
    """The names of a model's signatures, sorted, without those that TensorFlow keeps for itself."""
    return sorted(name for name in meta.signature_def if not name.startswith("__saved_model_"))


def chosen(meta: MetaGraphDef, path: Path) -> str:
    """The signature that the file beside `path` names, else serving_default, else the only one.

    Raises InvalidModel that names those that there are.
    """
    names = names_of(meta)
    if not names:
        raise InvalidModel(
            f"signatures: got none; expected {DEFAULT}. Save it by Keras's model.export(folder), or"
            " by tf.saved_model.save(module, folder, signatures=module.function)"
        )
    asked = _asked(path.with_name(CHOICE))
    if asked is not None:
        if asked not in names:
            raise InvalidModel(f"signature: got {asked[:100]!r}; expected {_list(names)}")
        return asked
    if DEFAULT in names:
        return DEFAULT
    if len(names) == 1:
        return names[0]
    raise InvalidModel(
        f"signatures: got {_list(names)}; expected {DEFAULT} or only one."
        " Choose one: --signature NAME (in a workflow: with: signature)"
    )


def _asked(file: Path) -> str | None:
    if not file.exists():
        return None
    try:
        with file.open("rb") as source:
            name = source.read(_LONGEST_CHOICE + 1).decode().strip()
    except UnicodeDecodeError:
        name = ""
    if not 0 < len(name) <= _LONGEST_CHOICE:
        raise InvalidModel(f"{CHOICE}: got no name; expected that of a signature, in UTF-8")
    return name


def _list(names: list[str]) -> str:
    shown = ", ".join(name[:100] for name in names[:_SHOWN])
    return shown + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def signature_of(meta: MetaGraphDef, name: str) -> Signature:
    """What a signature takes and gives. Raises InvalidModel for what is no dense tensor."""
    found = meta.signature_def[name]
    return Signature(
        [_input(key, found.inputs[key]) for key in sorted(found.inputs)],
        [(key, _dtype(f"output {key}", found.outputs[key])) for key in sorted(found.outputs)],
    )


def _input(key: str, info: TensorInfo) -> InputType:
    dtype = _dtype(f"input {key}", info)
    if dtype is None:
        kind = tf.dtypes.as_dtype(info.dtype).name
        raise InvalidModel(f"input {key}: got a tensor of {kind}, which AYCI cannot feed")
    if info.tensor_shape.unknown_rank:
        return InputType(key, dtype, None)
    sizes = (dim.size for dim in info.tensor_shape.dim)
    return InputType(key, dtype, tuple(None if size < 0 else size for size in sizes))


def _dtype(where: str, info: TensorInfo) -> str | None:
    """The dtype; None for one that numpy lacks."""
    if info.WhichOneof("encoding") not in (None, "name"):
        raise InvalidModel(f"{where}: got a sparse or composite tensor; expected a dense one")
    try:
        name = tf.dtypes.as_dtype(info.dtype).base_dtype.name
    except TypeError:
        raise InvalidModel(f"{where}: got an element type {info.dtype}, unknown here") from None
    return name if name in NUMPY_DTYPES else None
