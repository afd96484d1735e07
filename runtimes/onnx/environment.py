"""What ONNX Runtime reads from the environment, set before its import."""

from __future__ import annotations

import os


def set_environment() -> None:
    """No telemetry.

    Since 1.29 ONNX Runtime reports models to its makers unless told so before its import: its
    threads would be timed too, and `disable_telemetry_events` is too late for them.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
