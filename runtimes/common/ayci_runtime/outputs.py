"""A model's outputs as files: what runtimes of other frameworks compare theirs with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .adapter import Adapter, Conversion, LoadedModel, Wanted
from .compare import differ, elements_differ
from .errors import ArtifactMismatch, InferenceFailed, InvalidModel, failing_as
from .inputs import check_signature, is_random, make_inputs
from .tensors import NUMPY_DTYPES, Tensor

# Added to the seed for inputs of which nothing is measured but whether outputs follow them.
OTHER_SEED = 1_000_003
ENTRY = "outputs.json"


@dataclass(frozen=True)
class Expected:
    """Outputs of the unconverted model, and whether they change with its inputs."""

    tensors: list[Tensor]
    varies: bool


def varies(
    model: LoadedModel,
    outputs: Sequence[Tensor],
    specs: Sequence[dict[str, Any]],
    seed: int,
    scratch: Path,
) -> bool:
    """Whether outputs follow the inputs, by running again with another seed.

    Where no input is random or the model refuses the other values: whether the elements within an
    output differ.
    """
    if not any(is_random(spec) for spec in specs):
        return elements_differ(outputs)
    try:
        with failing_as(InferenceFailed):
            feeds = make_inputs(specs, seed + OTHER_SEED, scratch)
            other = model.tensors(model.bind(feeds)())
    except InferenceFailed:
        return elements_differ(outputs)
    return differ(outputs, other)


def write_outputs(adapter: Adapter, path: Path, wanted: Wanted, folder: Path) -> Conversion:
    """Runs the unconverted model once and writes what comes out, one `.npy` an output.

    Raises InvalidModel, InvalidInput, InferenceFailed, OutOfMemory.
    """
    with failing_as(InvalidModel, path.parent, wanted.scratch):
        model = adapter.load(path, "vanilla", wanted.threads)
    check_signature(wanted.inputs, model.inputs)
    feeds = wanted.feeds()
    with failing_as(InferenceFailed, path.parent, wanted.scratch):
        outputs = model.tensors(model.bind(feeds)())
    follows = varies(model, outputs, wanted.inputs, wanted.seed, wanted.scratch)
    listed = []
    for index, each in enumerate(outputs):
        values = each.array.astype(str) if each.dtype == "string" else each.array
        np.save(folder / f"{index}.npy", values, allow_pickle=False)
        listed.append({"name": each.name, "dtype": each.dtype, "file": f"{index}.npy"})
    (folder / ENTRY).write_text(json.dumps({"schema": 1, "varies": follows, "tensors": listed}))
    return Conversion(ENTRY, None, None)


def read_outputs(entry: Path) -> Expected:
    """What `write_outputs` wrote. Raises ArtifactMismatch for anything else."""
    try:
        told = json.loads(entry.read_bytes())
        if told["schema"] != 1 or not isinstance(told["varies"], bool):
            raise ValueError
        tensors = [_tensor(entry.parent, each) for each in told["tensors"]]
    except (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError):
        raise ArtifactMismatch("the unconverted model's outputs cannot be read") from None
    return Expected(tensors, told["varies"])


def _tensor(folder: Path, told: dict[str, Any]) -> Tensor:
    name, dtype = str(told["name"]), told["dtype"]
    if Path(told["file"]).name != told["file"]:
        raise ValueError
    # A pickle in the file would run code of whoever wrote it.
    with (folder / told["file"]).open("rb") as file:
        values = np.lib.format.read_array(file, allow_pickle=False)
    return Tensor(name, dtype, values.astype(NUMPY_DTYPES[dtype], copy=False))


def in_order_of(tensors: Sequence[Tensor], outputs: Sequence[Tensor]) -> list[Tensor]:
    """`tensors` by the names of `outputs`, or as they are where the names are others."""
    by_name = {each.name: each for each in tensors}
    names = [each.name for each in outputs]
    if len(by_name) == len(tensors) and sorted(by_name) == sorted(names):
        return [by_name[name] for name in names]
    return list(tensors)
