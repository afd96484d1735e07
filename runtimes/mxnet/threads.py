"""How many threads MXNet computes with."""

from __future__ import annotations

import ctypes

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

    def set_own(_context: int, _parameter: int) -> None:
        _LIB.omp_set_num_threads(ctypes.c_int(threads))

    task = _TASK(set_own)
    context = _Context(1, 0)
    mx.base.check_call(
        _LIB.MXEnginePushSync(task, None, None, ctypes.byref(context), None, 0, None, 0, None, 0, None)
    )
    # `task` has to live until it has run.
    mx.nd.waitall()
    _LIB.openblas_set_num_threads(ctypes.c_int(threads))
