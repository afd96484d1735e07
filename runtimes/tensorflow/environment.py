"""What TensorFlow reads from the environment, set before its import."""

from __future__ import annotations

import os


def set_environment() -> None:
    """Errors alone in the log, whose last 4 KB are kept."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
