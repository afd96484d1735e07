"""Makes the values that a model is fed, from the protocol's InputSpec and a seed."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

# numpy imports it when it is first used, which under little memory would be in the middle of a request.
from numpy.random import PCG64, Generator

from .errors import InvalidInput, OutOfMemory
from .fetch import fetch_file
from .tensors import NUMPY_DTYPES, Tensor, to_bfloat16

Spec = dict[str, Any]


@dataclass(frozen=True)
class InputType:
    """An input that a model takes; a dimension is its size, its symbol, or None.

    `dtype` and `dims` are None where the model does not tell them.
    """

    name: str
    dtype: str | None
    dims: tuple[int | str | None, ...] | None


def generator(seed: int, name: str) -> Generator:
    """A generator for one input.

    Equal specs get equal data in both subjects, whatever other inputs each of them has.
    """
    digest = hashlib.sha256(f"{seed}\0{name}".encode()).digest()
    return Generator(PCG64(int.from_bytes(digest[:16], "little")))


def is_random(spec: Spec) -> bool:
    """Whether another seed may give other values."""
    fill = spec["fill"]
    if fill["kind"] == "range":
        return spec["dtype"].startswith(("float", "bfloat")) or len(_integers(spec)) > 1
    return fill["kind"] == "normal"


def check_signature(specs: Sequence[Spec], inputs: Sequence[InputType]) -> None:
    """Raises InvalidInput unless the specs name each input once, with its dtype and dimensions."""
    given = {spec["name"]: spec for spec in specs}
    wanted = {each.name for each in inputs}
    if given.keys() != wanted or len(given) != len(specs):
        names = ", ".join(spec["name"] for spec in specs)
        raise InvalidInput(f"inputs: got {names}; the model takes {', '.join(sorted(wanted))}")
    for each in inputs:
        spec = given[each.name]
        if each.dtype is not None and spec["dtype"] != each.dtype:
            raise InvalidInput(f"input {each.name}: got {spec['dtype']}; expected {each.dtype}")
        if each.dims is None:
            continue
        fits = len(spec["shape"]) == len(each.dims) and all(
            not isinstance(dim, int) or dim == size
            for dim, size in zip(each.dims, spec["shape"], strict=True)
        )
        if not fits:
            raise InvalidInput(
                f"input {each.name}: got shape {spec['shape']}; expected {list(each.dims)}"
            )


def make_inputs(specs: Sequence[Spec], seed: int, scratch: Path) -> list[Tensor]:
    """The values of all inputs, in the specs' order.

    Raises InvalidInput, ArtifactMismatch (a file), OutOfMemory.
    """
    return [Tensor(spec["name"], spec["dtype"], _values(spec, seed, scratch)) for spec in specs]


def _values(spec: Spec, seed: int, scratch: Path) -> np.ndarray:
    name, dtype, shape, kind = spec["name"], spec["dtype"], spec["shape"], spec["fill"]["kind"]
    try:
        if kind == "file":
            return _from_file(spec, scratch)
        if kind in ("ones", "zeros"):
            return _cast(np.full(shape, int(kind == "ones"), dtype=np.uint8), dtype)
        rng = generator(seed, name)
        if dtype in ("float32", "float64", "float16", "bfloat16"):
            return _floats(rng, spec)
        choices = _integers(spec)
        if dtype in ("bool", "string"):
            return _cast(rng.integers(choices.start, choices.stop, shape), dtype)
        return rng.integers(choices.start, choices.stop, shape, dtype=NUMPY_DTYPES[dtype])
    except MemoryError:
        raise OutOfMemory(f"input {name}: no memory for shape {shape} of {dtype}") from None
    except (ValueError, OverflowError) as error:
        raise InvalidInput(f"input {name}: {error}") from None


def _cast(values: np.ndarray, dtype: str) -> np.ndarray:
    if dtype == "bfloat16":
        return to_bfloat16(values.astype(np.float32))
    if dtype == "string":
        return values.astype(str).astype(object)
    return values.astype(NUMPY_DTYPES[dtype])


def _floats(rng: Generator, spec: Spec) -> np.ndarray:
    dtype, shape, fill = spec["dtype"], spec["shape"], spec["fill"]
    draw = np.float64 if dtype == "float64" else np.float32
    if fill["kind"] == "normal":
        return _cast(np.asarray(rng.standard_normal(shape, dtype=draw)), dtype)
    low, high = float(fill["low"]), float(fill["high"])
    if not low < high:
        raise InvalidInput(f"input {spec['name']}: got range {low}:{high}; expected low < high")
    values = _cast(np.asarray(low + (high - low) * rng.random(shape)), dtype)
    if dtype == "bfloat16":
        return values
    # Rounding to fewer bits may reach `high`, which is no longer in the range.
    top = np.nextafter(values.dtype.type(high), values.dtype.type(low))
    return np.minimum(values, top)


def _integers(spec: Spec) -> range:
    fill = spec["fill"]
    if fill["kind"] == "normal":
        return range(2)
    choices = range(math.ceil(fill["low"]), math.ceil(fill["high"]))
    if not choices:
        raise InvalidInput(
            f"input {spec['name']}: no integer in the range {fill['low']}:{fill['high']}"
        )
    return choices


def _from_file(spec: Spec, scratch: Path) -> np.ndarray:
    dtype, shape, fill = spec["dtype"], spec["shape"], spec["fill"]
    path = fetch_file({**fill, "path": f"{spec['name']}.npy"}, scratch / "input.npy")
    # A pickle in the file would run code of whoever wrote it.
    with path.open("rb") as file:
        values = np.lib.format.read_array(file, allow_pickle=False)
    found = "string" if values.dtype.kind == "U" else values.dtype.name
    if found != dtype or list(values.shape) != shape:
        raise InvalidInput(
            f"input {spec['name']}: its file holds {found}{list(values.shape)};"
            f" expected {dtype}{shape}"
        )
    return values.astype(NUMPY_DTYPES[dtype], order="C")
