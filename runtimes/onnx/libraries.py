"""The framework's libraries, imported under a clock: Lambda does it in INIT."""

from __future__ import annotations

from time import perf_counter_ns

_started = perf_counter_ns()
import numpy  # noqa: E402
import onnxruntime  # noqa: E402

IMPORT_MS = (perf_counter_ns() - _started) / 1e6
VERSIONS = {"numpy": numpy.__version__, "onnxruntime": onnxruntime.__version__}

# Warnings about what sandboxes lack would fill the log's last 4 KB.
onnxruntime.set_default_logger_severity(3)
