"""What MXNet reads from the environment, set before its import."""

from __future__ import annotations

import os
import resource

from ayci_runtime.errors import OutOfMemory
from ayci_runtime.start import lambda_threads

# MB of data that MXNet's import and engine take. With less it crashes, and cannot tell why.
_LEAST_MB = 230


def check_memory() -> None:
    """Raises OutOfMemory where this process may not have what MXNet takes to start."""
    limit, _ = resource.getrlimit(resource.RLIMIT_DATA)
    if limit != resource.RLIM_INFINITY and limit < _LEAST_MB << 20:
        raise OutOfMemory(f"MXNet takes {_LEAST_MB} MB to start; there are {limit >> 20} MB")


def set_environment() -> None:
    """Threads, none of which spins; one operator at a time; errors alone in the log."""
    os.environ["OMP_NUM_THREADS"] = str(lambda_threads())
    # A waiting thread that spins counts as CPU time and would hide what the model takes.
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    os.environ["MXNET_CPU_WORKER_NTHREADS"] = "1"
    # They are for training over a network; each takes a stack.
    os.environ["MXNET_CPU_PRIORITY_NTHREADS"] = "1"
    os.environ["MXNET_SUBGRAPH_VERBOSE"] = "0"
    os.environ["DMLC_LOG_STACK_TRACE_DEPTH"] = "0"
