"""Where a model's external data may lie: in its own folder."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from .errors import InvalidModel


def check_location(path: Path, location: str) -> None:
    """Raises InvalidModel unless `location` is a file in the folder of the model at `path`.

    Links are followed, the model's own too: what counts is where both really are.
    """
    parts = PurePosixPath(location).parts
    if not parts or parts[0] == "/" or ".." in parts or "\\" in location or "\0" in location:
        raise _refused(location, "a relative path without '..'")
    try:
        real = (path.parent / location).resolve(strict=True)
    except (OSError, RuntimeError):
        raise _refused(location, "a file that comes with the model") from None
    if not real.is_relative_to(path.resolve().parent) or not real.is_file():
        raise _refused(location, "a file in the model's folder")


def _refused(location: str, expected: str) -> InvalidModel:
    return InvalidModel(
        f"external data: got {location[:200]!r}; expected {expected}."
        " Save the model and its data into one folder"
    )
