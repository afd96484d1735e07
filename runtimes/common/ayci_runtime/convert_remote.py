"""A conversion whose files and result are uploaded: nobody waits for its answer."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .adapter import Adapter
from .child import convert_in_child
from .convert import described, response, wanted_of
from .errors import MAX_MESSAGE, ConversionFailed, OutOfMemory, RuntimeFailure
from .fetch import fetch_artifact
from .upload import put_bytes, put_file

# Kept for uploading: a tenth of what is left, at most this.
MARGIN_SECONDS = 60
# Lambda's longest, where the context does not tell.
LONGEST_SECONDS = 900


def convert_to_slots(
    adapter: Adapter,
    request: dict[str, Any],
    scratch: Path,
    context: object | None,
    complete: Callable[[dict[str, Any]], dict[str, Any]],
) -> dict[str, Any]:
    """The ConvertResponse, uploaded too; `complete` adds what is the same in every one.

    Raises ArtifactMismatch, InvalidModel, ConversionFailed, OutOfMemory, UploadFailed, after the
    ConvertFailure that tells of it was uploaded.
    """
    result = request["output"]["result"]["url"]
    try:
        answer = complete(_converted(adapter, request, scratch, context))
    except BaseException as error:
        _tell(result, request["op"], request["nonce"], error)
        raise
    put_bytes(result, json.dumps(answer).encode(), "the result")
    return answer


def _converted(
    adapter: Adapter, request: dict[str, Any], scratch: Path, context: object | None
) -> dict[str, Any]:
    slots = request["output"]["slots"]
    path = fetch_artifact(request["artifact"], scratch)
    output = scratch / "converted"
    output.mkdir()
    wanted = wanted_of(request, scratch)
    made = convert_in_child(adapter, request["op"], path, wanted, output, _seconds(context))
    count = len(os.listdir(output))
    if count > len(slots):
        raise ConversionFailed(f"got {count} files; expected at most {len(slots)}")
    files = described(output)
    answer = response(files, made)
    for index, file in enumerate(files):
        put_file(slots[index]["url"], output / file["path"], file["path"])
        file["slot"] = index
    return answer


def _seconds(context: object | None) -> float:
    """How long converting may take so that there is time to upload."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    left = LONGEST_SECONDS if remaining is None else remaining() / 1000
    return max(0.0, left - min(MARGIN_SECONDS, left / 10))


def _tell(url: str, op: str, nonce: str, error: BaseException) -> None:
    """Uploads the ConvertFailure; where that fails as well, the error itself says more.

    A fault of the runtime itself keeps its own name, which is none of the protocol's: the runner
    takes it for no failure of the model.
    """
    if isinstance(error, MemoryError):
        error = OutOfMemory("no memory is left")
    failure = {
        "protocol": 1,
        "op": op,
        "nonce": nonce,
        "errorType": type(error).__name__,
        # Only typed errors are known to hold no secret.
        "errorMessage": str(error)[:MAX_MESSAGE]
        if isinstance(error, RuntimeFailure)
        else "the runtime failed",
    }
    try:
        put_bytes(url, json.dumps(failure).encode(), "the result")
    except RuntimeFailure:
        pass
