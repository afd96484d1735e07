"""What MXNet reads from the environment, set before its import."""

from __future__ import annotations

import os

from ayci_runtime.start import lambda_threads


def set_environment() -> None:
    """Threads, none of which spins; one operator at a time; and no more in the log than errors, since its last 4 KB are kept."""
    os.environ["OMP_NUM_THREADS"] = str(lambda_threads())
    # A waiting thread that spins counts as CPU time and would hide what the model takes.
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    os.environ["MXNET_CPU_WORKER_NTHREADS"] = "1"
    os.environ["MXNET_SUBGRAPH_VERBOSE"] = "0"
    os.environ["DMLC_LOG_STACK_TRACE_DEPTH"] = "0"
