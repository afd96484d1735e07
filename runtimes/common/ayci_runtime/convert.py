"""The ops 'convert' and 'infer': writes a model as an optimizer wants it, or what it answers."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import Any

from .adapter import Adapter, Conversion, Wanted
from .errors import ConversionFailed, InvalidModel, InvalidRequest, failing_as, one_line
from .fetch import fetch_artifact, file_path
from .outputs import write_outputs

MAX_NOTES = 20


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
    wanted = wanted_of(request, scratch)
    made = write(adapter, request["op"], path, wanted, output)
    return response(described(output), made)


def wanted_of(request: dict[str, Any], scratch: Path) -> Wanted:
    """What a checked ConvertRequest asks for."""
    own = scratch / "wanted"
    own.mkdir()
    fields = {name: request[name] for name in _SAME}
    sizes = [file["size"] for file in request["artifact"]["files"]]
    return Wanted(**fields, sizes=sizes, scratch=own)


_SAME = ("optimizer", "hardware", "batch", "threads", "seed", "inputs")


def response(files: list[dict[str, Any]], made: Conversion) -> dict[str, Any]:
    """The protocol's fields of a finished conversion. Raises ConversionFailed without an entry."""
    if made.entry not in [file["path"] for file in files]:
        raise ConversionFailed(f"the conversion left no {made.entry}")
    return {
        "entry": made.entry,
        "files": files,
        "optimizeMs": made.optimize_ms,
        "compileMs": made.compile_ms,
        **({"notes": [one_line(note) for note in made.notes[:MAX_NOTES]]} if made.notes else {}),
    }


def write(adapter: Adapter, op: str, path: Path, wanted: Wanted, folder: Path) -> Conversion:
    """Writes what a converter is asked for, by 'convert' or 'infer', to `folder`.

    Raises InvalidModel where the model does not load unoptimized either, else ConversionFailed;
    for 'infer' the errors of `write_outputs`.
    """
    if op == "infer":
        return write_outputs(adapter, path, wanted, folder)
    hidden = (path.parent, wanted.scratch, wanted.scratch.parent, folder)
    try:
        with failing_as(ConversionFailed, *hidden):
            return adapter.convert(path, wanted, folder)
    except ConversionFailed:
        # A converter of what others made, as TVM's, loads no model by itself.
        if "vanilla" in adapter.optimizers:
            with failing_as(InvalidModel, *hidden):
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
