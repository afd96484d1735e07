"""`model.json`: what a compiled model does not tell of itself, written and read."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ayci_runtime.errors import InvalidModel
from ayci_runtime.tensors import NUMPY_DTYPES

LIBRARY = "model.so"
MANIFEST = "model.json"
SCHEMA = 1


@dataclass(frozen=True)
class TensorInfo:
    """An input or output; `shape` is None where the model decides it as it runs."""

    name: str
    dtype: str
    shape: tuple[int, ...] | None


@dataclass(frozen=True)
class Manifest:
    """A model as it was compiled; `fallbacks`: what has no schedule of ours, in words."""

    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    # The CPU, by LLVM's name, and the threads that it is compiled for.
    cpu: str
    threads: int
    fallbacks: tuple[str, ...]
    # Of what compiled it.
    tvm: str
    llvm: int


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Writes `model.json`, byte for byte the same for equal manifests."""
    text = json.dumps({"schema": SCHEMA, **asdict(manifest)}, indent=1, sort_keys=True)
    (folder / MANIFEST).write_text(f"{text}\n", encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """What `write_manifest` wrote. Raises InvalidModel for anything else."""
    path = folder / MANIFEST
    if not path.is_file():
        raise InvalidModel(f"{MANIFEST}: missing; expected it beside {LIBRARY}. Convert again")
    try:
        told = json.loads(path.read_bytes())
        if told.pop("schema") != SCHEMA:
            raise ValueError
        lists = {name: tuple(map(_tensor, told.pop(name))) for name in ("inputs", "outputs")}
        made = Manifest(**lists, **{**told, "fallbacks": tuple(told["fallbacks"])})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InvalidModel(
            f"{MANIFEST}: got what no converter of this version writes. Convert again"
        ) from None
    if not all(isinstance(each, str) for each in (made.cpu, made.tvm)):
        raise InvalidModel(f"{MANIFEST}: cpu and tvm: expected text. Convert again")
    return made


def _tensor(told: dict[str, Any]) -> TensorInfo:
    shape = told["shape"]
    info = TensorInfo(told["name"], told["dtype"], None if shape is None else tuple(shape))
    sizes_fit = all(type(size) is int and size >= 0 for size in info.shape or ())
    if not isinstance(info.name, str) or info.dtype not in NUMPY_DTYPES or not sizes_fit:
        raise ValueError
    return info
