"""Threads of TVM's pool."""

from __future__ import annotations

import os

import tvm
from ayci_runtime.errors import InvalidRequest

# AffinityMode::kBig of tvm/runtime/threading_backend.h.
_ANY_CORE = 1
_started: list[int] = []


def use_threads(threads: int) -> None:
    """Has parallel loops run on `threads` threads, this one among them.

    TVM reads the size of its pool at the pool's first use; less of it can be used, more not:
    raises InvalidRequest.
    """
    if not _started:
        os.environ["TVM_NUM_THREADS"] = str(threads)
        _started.append(threads)
    (most,) = _started
    if threads > most:
        raise InvalidRequest(
            f"request.threads: got {threads}; expected at most {most}, for which TVM was started"
        )
    tvm.get_global_func("runtime.config_threadpool")(_ANY_CORE, threads)
