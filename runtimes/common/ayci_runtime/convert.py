"""The op 'convert': writes a model as an optimizer wants it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from .adapter import Adapter
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
    entry = Path(request["artifact"]["entry"]).name
    sizes = [file["size"] for file in request["artifact"]["files"]]
    try:
        with failing_as(ConversionFailed, path.parent, scratch, output):
            made = adapter.convert(path, sizes, request["optimizer"], output / entry)
    except ConversionFailed:
        with failing_as(InvalidModel, path.parent, scratch):
            adapter.load(path, "vanilla", 1)
        raise
    return {
        "entry": entry,
        "files": [_described(file) for file in sorted(output.iterdir())],
        "optimizeMs": made.optimize_ms,
        "compileMs": made.compile_ms,
    }


def _described(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"path": path.name, "sha256": digest, "size": path.stat().st_size}
