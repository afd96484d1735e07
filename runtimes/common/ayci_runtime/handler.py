"""The Lambda handler, whatever the framework."""

from __future__ import annotations

import gc
import uuid
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

from ayci_runtime.adapter import Adapter
from ayci_runtime.conversion import convert
from ayci_runtime.environment import environment
from ayci_runtime.errors import InvalidRequest, OutOfMemory, RuntimeFailure
from ayci_runtime.measure import measure
from ayci_runtime.request import PROTOCOL, ConvertRequest, MeasureRequest, parse
from ayci_runtime.timing import Deadline

CONVERSION_THREADS = 1


def make_handler(adapter: Adapter) -> Callable[[Any, Any], dict]:
    """A handler with a sandbox's identity: made once a process, at import.

    It answers a request of protocol 1 or raises a RuntimeFailure, whose class name Lambda reports
    as the error's type. Anything else that it raises is a fault of the runtime itself.
    """
    sandbox = _Sandbox(adapter)

    def handler(event: Any, context: Any = None) -> dict:
        received_ns = perf_counter_ns()
        try:
            return sandbox.answer(event, context, received_ns)
        except MemoryError as error:
            # The failed request's tensors hang on the traceback: let go of them before answering.
            failure: RuntimeFailure = OutOfMemory(f"memory: {str(error) or 'none is left'}")
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

    def answer(self, event: Any, context: Any, received_ns: int) -> dict:
        self.requests += 1
        if self.retired:
            raise InvalidRequest("request: this sandbox is retired; expected a new one")
        request = parse(event, self.adapter.framework, self.adapter.optimizers)
        if isinstance(request, ConvertRequest):
            return {
                **self._head("convert", request.nonce),
                **convert(self.adapter, request),
                "environment": environment(CONVERSION_THREADS, self.adapter.versions()),
            }
        # Before the work: a sandbox that fails its last request is as used up as one that does not.
        self.retired = request.retire
        return self._measured(
            request, Deadline(received_ns, request.deadline_ms, context)
        )

    def _measured(self, request: MeasureRequest, deadline: Deadline) -> dict:
        requests = self.requests
        return {
            **self._head("measure", request.nonce),
            "sandbox": {
                "id": self.id,
                "requests": requests,
                "cold": requests == 1,
                "retired": self.retired,
            },
            "importMs": self.adapter.import_ms,
            **measure(self.adapter, request, deadline),
            "environment": environment(request.threads, self.adapter.versions()),
        }

    def _head(self, op: str, nonce: str) -> dict:
        return {"protocol": PROTOCOL, "op": op, "nonce": nonce}
