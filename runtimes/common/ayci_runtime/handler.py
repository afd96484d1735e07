"""Answers the requests of one sandbox."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns, sleep
from typing import Any
from uuid import uuid4

from .adapter import Adapter
from .convert import convert
from .deadline import deadline_ns
from .describe import describe
from .environment import environment
from .errors import InvalidRequest, OutOfMemory, RuntimeFailure
from .measure import Measurement
from .memory import reset_peak
from .request import check_convert, check_describe, check_infer, check_measure
from .scratch import remove_leftovers, request_folder

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
        remove_leftovers()

    def handle(self, request: Any, context: Any = None) -> dict[str, Any]:
        """The response to a MeasureRequest, ConvertRequest, InferRequest or DescribeRequest."""
        received = perf_counter_ns()
        reset_peak()
        self.requests += 1
        op = request.get("op") if isinstance(request, dict) else None
        check = _CHECKS.get(op) if isinstance(op, str) else None
        if check is None:
            shown = str(op)[:80]
            raise InvalidRequest(f"request.op: got {shown!r}; expected {' or '.join(_CHECKS)}")
        check(request, self.adapter)
        if op == "measure" and self._is_excluded(request):
            return self._excluded(request, deadline_ns(received, request["deadlineMs"], context))
        if self.retired:
            raise InvalidRequest("this sandbox was retired by an earlier request")
        with request_folder() as scratch:
            if op == "measure":
                return self._measure(request, context, scratch, received)
            if op in ("convert", "infer"):
                return self._convert(request, context, scratch)
            return self._describe(request, scratch)

    def _is_excluded(self, request: dict[str, Any]) -> bool:
        served_before = request.get("fresh", False) and self.requests > 1
        return served_before or self.id in request.get("notIn", ())

    def _excluded(self, request: dict[str, Any], end_ns: int) -> dict[str, Any]:
        """Stays busy, so that the platform gives the next request another sandbox."""
        left_ms = max(0, end_ns - perf_counter_ns()) / 1e6
        sleep(min(request.get("holdMs", 0), left_ms) / 1000)
        return {**_head(request, "excluded"), "sandbox": self._sandbox()}

    def _sandbox(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "requests": self.requests,
            "cold": self.requests == 1,
            "retired": self.retired,
        }

    def _environment(self, threads: int) -> dict[str, object]:
        return environment(self.adapter.versions(), threads)

    def _measure(
        self, request: dict[str, Any], context: Any, scratch: Path, received: int
    ) -> dict[str, Any]:
        self.retired = request["retire"]
        end = deadline_ns(received, request["deadlineMs"], context)
        measured = Measurement(self.adapter, request, scratch, end).answer()
        return {
            **_head(request, "measure"),
            "sandbox": self._sandbox(),
            "importMs": self.import_ms,
            **measured,
            "environment": self._environment(request["threads"]),
        }

    def _convert(self, request: dict[str, Any], context: Any, scratch: Path) -> dict[str, Any]:
        def complete(made: dict[str, Any]) -> dict[str, Any]:
            return {**_head(request, request["op"]), **made, "environment": self._environment(1)}

        if isinstance(request["output"], str):
            return complete(convert(self.adapter, request, scratch))
        # Which serving does without.
        from .convert_remote import convert_to_slots

        return convert_to_slots(self.adapter, request, scratch, context, complete)

    def _describe(self, request: dict[str, Any], scratch: Path) -> dict[str, Any]:
        return {
            **_head(request, "describe"),
            "sandbox": self._sandbox(),
            "environment": self._environment(1),
            **describe(self.adapter, request, scratch),
        }


_CHECKS = {
    "measure": check_measure,
    "convert": check_convert,
    "infer": check_infer,
    "describe": check_describe,
}


def _head(request: dict[str, Any], op: str) -> dict[str, Any]:
    return {"protocol": 1, "op": op, "nonce": request["nonce"]}
