"""One `convert` request: fetch, convert, list what was written."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from .adapter import Adapter
from .errors import ConversionFailed, failing_as
from .fetch import fetch_artifact, file_path


def convert(adapter: Adapter, request: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """The response's `entry`, `files`, `optimizeMs` and `compileMs`; raises RuntimeFailure."""
    output = file_path(request["output"])
    source = fetch_artifact(request["artifact"], scratch)
    with failing_as(ConversionFailed, scratch, source.parent, output):
        output.mkdir(parents=True, exist_ok=True)
        made = adapter.convert(source, request["optimizer"], output)
        files = [_listed(output, name) for name in made.files]
    return {
        "entry": made.files[0],
        "files": files,
        "optimizeMs": made.optimize_ms,
        "compileMs": made.compile_ms,
    }


def _listed(folder: Path, name: str) -> dict[str, object]:
    with (folder / name).open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return {"path": name, "sha256": sha256, "size": (folder / name).stat().st_size}
