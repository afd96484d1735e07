"""Where a model's external data may lie: in its own folder."""

from __future__ import annotations

import re
from pathlib import Path

from .errors import InvalidModel

# As long as a path in a request: see checks.py. The TypeScript reader refuses the same.
LONGEST_LOCATION = 1024
_NO_PATH = re.compile(r"[\x00-\x1f\x7f-\x9f\\:*]")
# ONNX Runtime and OpenVINO take the offset beside it as an address in their own memory.
_MEMORY = "_ort_mem_addr_"
_PLAIN = "a relative path without '..', and without '*', ':', '\\' and control characters"


def check_location(path: Path, location: str) -> None:
    """Raises InvalidModel unless `location` is a file in the folder of the model at `path`.

    Links are followed, the model's own too: what counts is where both really are. The model's own
    name is none of its data.
    """
    parts = location.split("/")
    if any(part in ("", "..") for part in parts) or _NO_PATH.search(location):
        raise _refused(location, _PLAIN)
    if _MEMORY in location.lower():
        raise _refused(location, "the name of a file")
    if len(location) > LONGEST_LOCATION:
        raise _refused(location, f"at most {LONGEST_LOCATION} characters")
    first = next((part for part in parts if part != "."), "")
    if first.lower() == path.name.lower():
        raise _refused(location, "another name than the model's")
    try:
        real = (path.parent / location).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        raise _refused(location, "a file that comes with the model") from None
    if not real.is_relative_to(path.resolve().parent) or not real.is_file():
        raise _refused(location, "a file in the model's folder")


def _refused(location: str, expected: str) -> InvalidModel:
    return InvalidModel(
        f"external data: got {location[:100]!r}; expected {expected}."
        " Save the model and its data into one folder"
    )
