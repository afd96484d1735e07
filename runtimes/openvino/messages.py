"""What OpenVINO's errors say, without where in its source they come from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from openvino import frontend

_ERRORS = (
    RuntimeError,
    frontend.GeneralFailure,
    frontend.InitializationFailure,
    frontend.NotImplementedFailure,
    frontend.OpConversionFailure,
    frontend.OpValidationFailure,
)
_SOURCE = re.compile(
    r"(?:Check '[^\n]*?' failed at|Exception from) src/\S+:\d+:\s*"
    r"(?:FrontEnd API failed with \w+:\s*)?"
)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Raises OpenVINO's errors anew, as RuntimeError, without names of source files."""
    try:
        yield
    except _ERRORS as error:
        raise RuntimeError(_SOURCE.sub("", str(error))) from error
