"""What torch reads from the environment, set before its import."""

from __future__ import annotations

import os


def set_environment() -> None:
    """No pickle beyond tensors, no thread that spins, a name for the user."""
    # Else torch falls back, in silence, to running the pickle.
    os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"
    os.environ.pop("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", None)
    # A waiting thread that spins counts as CPU time and would hide what the model takes.
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    # Versions before 2.11 ask who runs them, and fail where the system has no name for its number.
    os.environ.setdefault("USER", "sandbox")
