"""The first moments of a runtime's process: before and while the framework is imported."""

from __future__ import annotations

import importlib
import os
from time import perf_counter_ns

from .errors import OutOfMemory, is_out_of_memory, one_line
from .process import drop_credentials, use_writable_folders

# Where images have their code.
_IMAGE_FOLDER = "/var/task"
# MB of memory that buy one vCPU on Lambda.
MB_PER_VCPU = 1769


def prepare() -> None:
    """Makes the process safe and at home in a sandbox. To be called before any library's import."""
    drop_credentials()
    use_writable_folders()
    # numpy only makes and compares data; buffers of its BLAS threads would count as the model's.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if os.environ.get("LAMBDA_TASK_ROOT") == _IMAGE_FOLDER:
        # Models come over the network there. In the first request it would count as fetching, at a
        # small function's pace.
        importlib.import_module(".download", __package__)


def timed_import(*names: str) -> float:
    """Imports modules and says how long it took, ms. Raises OutOfMemory where memory runs out."""
    begin = perf_counter_ns()
    try:
        for name in names:
            importlib.import_module(name)
    except (ImportError, MemoryError, OSError, SystemError) as error:
        if is_out_of_memory(error):
            raise OutOfMemory(one_line(error)) from None
        raise
    return (perf_counter_ns() - begin) / 1e6


def lambda_threads() -> int:
    """Threads by Lambda's share of CPU, for engines that must know before their import.

    From AWS_LAMBDA_FUNCTION_MEMORY_SIZE, at most the CPUs there are; 1 where it is not set.
    """
    memory_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
    share = round(int(memory_mb) / MB_PER_VCPU) if memory_mb.isdigit() else 1
    return max(1, min(share, len(os.sched_getaffinity(0))))
