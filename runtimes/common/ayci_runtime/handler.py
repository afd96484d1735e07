"""The Lambda handler, whatever the framework."""

from __future__ import annotations

import gc
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns
from typing import Any

from .adapter import Adapter
from .conversion import convert
from .deadline import deadline_ns
from .environment import environment
from .errors import InvalidRequest, OutOfMemory, RuntimeFailure
from .measure import measure
from .request import PROTOCOL, validate

CONVERSION_THREADS = 1


def make_handler(adapter: Adapter) -> Callable[[Any, Any], dict[str, Any]]:
    """A handler with a sandbox's identity: made once a process, at import.

    It answers a request of protocol 1 or raises a RuntimeFailure, whose class name Lambda reports
    as the error's type. Anything else that it raises is a fault of the runtime itself.
    """
    sandbox = _Sandbox(adapter)

    def handler(event: Any, context: Any = None) -> dict[str, Any]:
        received = perf_counter_ns()
        try:
            return sandbox.answer(event, context, received)
        except MemoryError as error:
            # The failed request's tensors hang on the traceback: let go of them before answering.
            failure: RuntimeFailure = OutOfMemory(f"memory: {error or 'none is left'}")
        except RuntimeFailure as error:
            failure = error.with_traceback(None)
        gc.collect()
        raise failure from None

    return handler


class _Sandbox:
    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter
        self.id = str(uuid.uuid4())
        self.requests = 0
        self.retired = False

    def answer(self, event: Any, context: Any, received: int) -> dict[str, Any]:
        self.requests += 1
        if self.retired:
            raise InvalidRequest("request: this sandbox is retired; expected a new one")
        request = validate(event, self.adapter.framework, self.adapter.optimizers)
        head = {"protocol": PROTOCOL, "op": request["op"], "nonce": request["nonce"]}
        with tempfile.TemporaryDirectory(prefix="ayci-") as folder:
            if request["op"] == "convert":
                made = convert(self.adapter, request, Path(folder))
                return {**head, **made, "environment": self._environment(CONVERSION_THREADS)}
            # Before the work: a sandbox that fails its last request is used up all the same.
            self.retired = request["retire"]
            end = deadline_ns(received, request["deadlineMs"], context)
            measured = measure(self.adapter, request, end, Path(folder))
        return {
            **head,
            "sandbox": {
                "id": self.id,
                "requests": self.requests,
                "cold": self.requests == 1,
                "retired": self.retired,
            },
            "importMs": self.adapter.import_ms,
            **measured,
            "environment": self._environment(request["threads"]),
        }

    def _environment(self, threads: int) -> dict[str, object]:
        return environment(self.adapter.versions(), threads)
