"""The errors that a runtime raises by itself: Lambda reports a class's name as `errorType`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

MAX_MESSAGE = 500


class RuntimeFailure(Exception):
    """Base of the typed errors; never raised itself."""


class OutOfMemory(RuntimeFailure):
    """The memory of this sandbox does not hold the model and one inference."""


class InvalidRequest(RuntimeFailure):
    """The request does not fit the protocol."""


class InvalidModel(RuntimeFailure):
    """The framework cannot load the model."""


class InvalidInput(RuntimeFailure):
    """An input's values cannot be made, or are not what the model takes."""


class ArtifactMismatch(RuntimeFailure):
    """A file is missing, or is not the one that was announced."""


class ConversionFailed(RuntimeFailure):
    """The model loads, but an optimizer refuses it."""


_SHOWN = 5


def refused_operators(names: Iterable[str], taken: str) -> ConversionFailed:
    """Of a converter that lacks operators. `taken`: which it has, as `those that TVM reads`."""
    found = sorted(set(names))
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return ConversionFailed(
        f"operator {', '.join(found[:_SHOWN])}{more}: not among {taken}."
        " Use another optimizer, or export the model without it"
    )


class UploadFailed(RuntimeFailure):
    """The converted model could not be brought to where it was wanted."""


class InferenceFailed(RuntimeFailure):
    """The model loads, but does not run."""


# As numpy, ONNX Runtime, PyTorch, the C++ library, the loader and the kernel word it; Python's own
# "error return without exception set" is what is left where there was no memory for the exception.
_MEMORY_TEXTS = re.compile(
    r"bad_alloc|failed to allocate|cannot allocate memory|enomem|out of memory"
    r"|unable to allocate|not enough memory|resource temporarily unavailable"
    r"|failed to map segment|allocate memory|memory allocation|error return without exception set"
    # Protobuf's.
    r"|arena alloc failed"
    # OpenVINO's.
    r"|can't alloc\b"
    # TensorFlow's own, and dnnl_out_of_memory, which it tells by its number.
    r"|oom when allocating|status: 1, message: could not create"
    # MXNet's, in oneDNN and in its engine.
    r"|could not create a memory object|\b12 vs\. 0\) : allocation failed",
    re.IGNORECASE,
)
_BUILD_PATHS = re.compile(r"\S*/onnxruntime_src/\S*\s*")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error, or one that it came from, says that memory ran out."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, MemoryError) or _MEMORY_TEXTS.search(str(seen)):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def one_line(error: BaseException | str, *folders: Path) -> str:
    """A message in one line of at most 500 characters, without the folders' paths."""
    text = _BUILD_PATHS.sub("", str(error)) or type(error).__name__
    names = {str(folder) for folder in folders} | {str(folder.resolve()) for folder in folders}
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(f"{name}/", "")
    return " ".join(text.split())[:MAX_MESSAGE]


@contextmanager
def failing_as(kind: type[RuntimeFailure], *folders: Path) -> Iterator[None]:
    """Turns what a framework raises into `kind`, or `OutOfMemory` where it says so.

    Typed errors pass unchanged. `folders` are taken out of the message.
    """
    try:
        yield
    except RuntimeFailure:
        raise
    except Exception as error:
        found = OutOfMemory if is_out_of_memory(error) else kind
        raise found(one_line(error, *folders)) from None
