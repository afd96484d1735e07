"""One `convert` request: fetch, convert, list what was written."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ayci_runtime.adapter import Adapter
from ayci_runtime.errors import ConversionFailed, InvalidRequest, typed
from ayci_runtime.fetch import fetching, local_path
from ayci_runtime.request import ConvertRequest


def convert(adapter: Adapter, request: ConvertRequest) -> dict:
    """The response's `entry`, `files`, `optimizeMs` and `compileMs`; raises RuntimeFailure."""
    folder = local_path(request.output, "output")
    target = folder / request.artifact.entry
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if any(path.is_file() for path in folder.rglob("*")):
            raise InvalidRequest("output: the folder holds files; expected an empty one")
        with fetching() as fetcher:
            source = fetcher.artifact(request.artifact)
            made = adapter.convert(source, target, request.optimizer)
        files = [_listed(path, folder) for path in sorted(folder.rglob("*")) if path.is_file()]
    except OSError as error:
        raise typed(error, ConversionFailed, "output") from error
    return {
        "entry": request.artifact.entry,
        "files": files,
        "optimizeMs": made.optimize_ms,
        "compileMs": made.compile_ms,
    }


def _listed(path: Path, folder: Path) -> dict[str, object]:
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return {
        "path": path.relative_to(folder).as_posix(),
        "sha256": sha256,
        "size": path.stat().st_size,
    }
