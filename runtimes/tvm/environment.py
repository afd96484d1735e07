"""What TVM reads from the environment, set before its import."""

from __future__ import annotations

import os


def set_environment(*, compiler: bool) -> None:
    """No thread that spins, none that is bound to a CPU; without `compiler`, half the memory."""
    # A waiting thread that spins counts as CPU time and would hide what the model takes.
    os.environ["TVM_THREAD_POOL_SPIN_COUNT"] = "0"
    # Bound, it would wait for that one CPU where another process has it.
    os.environ["TVM_BIND_THREADS"] = "0"
    os.environ["TVM_USE_RUNTIME_LIB"] = "0" if compiler else "1"
