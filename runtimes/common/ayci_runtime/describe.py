"""The op 'describe': what a model takes and gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .adapter import Adapter
from .errors import InvalidModel, failing_as
from .fetch import fetch_artifact

MAX_NAME = 1024


def describe(adapter: Adapter, request: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """The part of DescribeResponse that tells of the model: inputs, outputs.

    Raises ArtifactMismatch, InvalidModel, OutOfMemory.
    """
    if "artifact" not in request:
        return {"inputs": None, "outputs": None}
    path = fetch_artifact(request["artifact"], scratch)
    with failing_as(InvalidModel, path.parent, scratch):
        model = adapter.load(path, request["optimizer"], 1)
    return {
        "inputs": [
            {
                "name": each.name[:MAX_NAME],
                "dtype": each.dtype,
                "dims": None if each.dims is None else [_dimension(dim) for dim in each.dims],
            }
            for each in model.inputs
        ],
        "outputs": [{"name": name[:MAX_NAME], "dtype": dtype} for name, dtype in model.outputs],
    }


def _dimension(dim: int | str | None) -> int | str | None:
    if isinstance(dim, str):
        return dim[:MAX_NAME]
    return dim if dim is not None and dim >= 0 else None
