"""Reads the bytes of a file that is known by its SHA-256 and size."""

from __future__ import annotations

import hashlib
from typing import Any, BinaryIO

from .errors import ArtifactMismatch

CHUNK = 1 << 20


def verify(source: BinaryIO, sink: BinaryIO | None, file: dict[str, Any]) -> None:
    """Reads `source` to its end, or one byte beyond `size`, and writes what it read to `sink`.

    Raises ArtifactMismatch where it is not what `file` (path, sha256, size) says.
    """
    digest = hashlib.sha256()
    size = 0
    while chunk := source.read(CHUNK):
        size += len(chunk)
        if size > file["size"]:
            break
        digest.update(chunk)
        if sink is not None:
            sink.write(chunk)
    if size != file["size"]:
        more = "more than " if size > file["size"] else ""
        expected = file["size"]
        got = f"{more}{min(size, expected)}"
        raise ArtifactMismatch(f"{file['path']}: got {got} bytes; expected {expected}")
    if digest.hexdigest() != file["sha256"]:
        raise ArtifactMismatch(
            f"{file['path']}: got SHA-256 {digest.hexdigest()}; expected {file['sha256']}"
        )


def unreadable(path: str, error: Exception) -> ArtifactMismatch:
    """What to raise where reading `path` failed with `error`."""
    # A URLError's reason is an error of its own; only system errors have a text to show.
    reason = getattr(getattr(error, "reason", error), "strerror", None) or type(error).__name__
    return ArtifactMismatch(f"{path}: cannot be read: {reason}")
