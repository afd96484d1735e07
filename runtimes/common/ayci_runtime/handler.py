"""Answers the requests of one sandbox."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns
from typing import Any
from uuid import uuid4

from .adapter import Adapter
from .convert import convert
from .deadline import deadline_ns
from .environment import environment
from .errors import InvalidRequest, OutOfMemory, RuntimeFailure
from .measure import Measurement
from .memory import reset_peak
from .request import check_convert, check_measure

Handler = Callable[[Any, Any], dict[str, Any]]


def make_handler(adapter: Adapter, import_ms: float) -> Handler:
    """A Lambda handler for one framework, the state of one sandbox inside.

    `import_ms`: what importing the framework's libraries took. It raises RuntimeFailures, whose
    class names Lambda tells; anything else that it raises is a fault of the runtime itself.
    """
    sandbox = Sandbox(adapter, import_ms)

    def handler(request: Any, context: Any = None) -> dict[str, Any]:
        try:
            return sandbox.handle(request, context)
        except MemoryError:
            failure: RuntimeFailure = OutOfMemory("no memory is left")
        except RuntimeFailure as error:
            failure = error
        # Frames in the traceback hold models and tensors of the request that failed.
        failure.__context__ = None
        failure.__traceback__ = None
        gc.collect()
        raise failure

    return handler


class Sandbox:
    """One process: cold at its first request, warm after, closed once retired."""

    def __init__(self, adapter: Adapter, import_ms: float) -> None:
        self.adapter = adapter
        self.import_ms = import_ms
        self.id = str(uuid4())
        self.requests = 0
        self.retired = False

    def handle(self, request: Any, context: Any = None) -> dict[str, Any]:
        """The response to a MeasureRequest or ConvertRequest."""
        received = perf_counter_ns()
        reset_peak()
        self.requests += 1
        if self.retired:
            raise InvalidRequest("this sandbox was retired by an earlier request")
        op = request.get("op") if isinstance(request, dict) else None
        with tempfile.TemporaryDirectory(prefix="ayci-", ignore_cleanup_errors=True) as scratch:
            if op == "measure":
                return self._measure(request, context, Path(scratch), received)
            if op == "convert":
                return self._convert(request, Path(scratch))
        raise InvalidRequest(f"request.op: got {str(op)[:80]!r}; expected 'measure' or 'convert'")

    def _measure(
        self, request: dict[str, Any], context: Any, scratch: Path, received: int
    ) -> dict[str, Any]:
        check_measure(request, self.adapter.framework, self.adapter.optimizers)
        self.retired = request["retire"]
        end = deadline_ns(received, request["deadlineMs"], context)
        measured = Measurement(self.adapter, request, scratch, end).answer()
        return {
            "protocol": 1,
            "op": "measure",
            "nonce": request["nonce"],
            "sandbox": {
                "id": self.id,
                "requests": self.requests,
                "cold": self.requests == 1,
                "retired": self.retired,
            },
            "importMs": self.import_ms,
            **measured,
            "environment": environment(self.adapter.versions(), request["threads"]),
        }

    def _convert(self, request: dict[str, Any], scratch: Path) -> dict[str, Any]:
        check_convert(request, self.adapter.framework, self.adapter.optimizers)
        return {
            "protocol": 1,
            "op": "convert",
            "nonce": request["nonce"],
            **convert(self.adapter, request, scratch),
            "environment": environment(self.adapter.versions(), 1),
        }
