"""How many threads MXNet computes with."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import mxnet as mx

_LIB = mx.base._LIB
_TASK = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)


class _Context(ctypes.Structure):
    """Context of include/mxnet/base.h: a kind of device (1: CPU) and its number."""

    _fields_ = (("device", ctypes.c_int32), ("number", ctypes.c_int32))


def use_threads(threads: int) -> None:
    """`threads` within an operator; MXNET_CPU_WORKER_NTHREADS says how many run at once.

    OpenMP's number belongs to the thread that sets it, so the engine's own worker is made to.
    OMP_NUM_THREADS has to be set when MXNet is imported: else MXNet goes by its own number.
    """
    run_in_engine(lambda: _LIB.omp_set_num_threads(ctypes.c_int(threads)))
    _LIB.openblas_set_num_threads(ctypes.c_int(threads))


def run_in_engine(call: Callable[[], object]) -> None:
    """Runs `call` where MXNet runs operators, and waits for it. Raises MXNetError."""
    task = _TASK(lambda _context, _parameter: call() and None)
    context = ctypes.byref(_Context(1, 0))
    mx.base.check_call(
        _LIB.MXEnginePushSync(task, None, None, context, None, 0, None, 0, None, 0, None)
    )
    mx.nd.waitall()
