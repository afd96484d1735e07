"""The op 'convert': writes a model as an optimizer wants it."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import Any

from .adapter import Adapter, Conversion
from .errors import ConversionFailed, InvalidModel, InvalidRequest, failing_as
from .fetch import fetch_artifact, file_path


def convert(adapter: Adapter, request: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """The part of ConvertResponse that is made: entry, files, optimizeMs, compileMs.

    The output folder must be empty; what lies in it afterwards, all in one level, is the model.
    Raises InvalidModel where the model does not load unoptimized either, else ConversionFailed.
    """
    output = file_path(request["output"])
    path = fetch_artifact(request["artifact"], scratch)
    try:
        output.mkdir(parents=True, exist_ok=True)
        if any(output.iterdir()):
            raise InvalidRequest("request.output: the folder holds files; expected an empty one")
    except OSError as error:
        raise InvalidRequest(f"request.output: cannot be made: {error.strerror}") from None
    entry = entry_of(request)
    made = write_converted(
        adapter, path, sizes_of(request), request["optimizer"], output / entry, scratch
    )
    return response(entry, described(output), made)


def entry_of(request: dict[str, Any]) -> str:
    """The converted model's entry: the model's own name."""
    return Path(request["artifact"]["entry"]).name


def sizes_of(request: dict[str, Any]) -> list[int]:
    """Bytes of each of the model's files."""
    return [file["size"] for file in request["artifact"]["files"]]


def response(entry: str, files: list[dict[str, Any]], made: Conversion) -> dict[str, Any]:
    """The protocol's fields of a finished conversion."""
    return {
        "entry": entry,
        "files": files,
        "optimizeMs": made.optimize_ms,
        "compileMs": made.compile_ms,
    }


def write_converted(
    adapter: Adapter,
    path: Path,
    sizes: list[int],
    optimizer: str,
    target: Path,
    scratch: Path,
) -> Conversion:
    """Writes the model at `path` as `optimizer` wants it to `target` and beside it.

    Raises InvalidModel where the model does not load unoptimized either, else ConversionFailed.
    """
    try:
        with failing_as(ConversionFailed, path.parent, scratch, target.parent):
            return adapter.convert(path, sizes, optimizer, target)
    except ConversionFailed:
        with failing_as(InvalidModel, path.parent, scratch):
            adapter.load(path, "vanilla", 1)
        raise


def described(folder: Path) -> list[dict[str, Any]]:
    """The files of a converted model, sorted by path. Raises ConversionFailed for anything else."""
    return [_described(path) for path in sorted(folder.iterdir())]


def _described(path: Path) -> dict[str, Any]:
    if not stat.S_ISREG(path.lstat().st_mode):
        raise ConversionFailed(f"{path.name}: the conversion left something that is not a file")
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"path": path.name, "sha256": digest, "size": os.fstat(file.fileno()).st_size}
