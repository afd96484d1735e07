"""The handler of the ONNX runtime: `python -m awslambdaric app.handler`."""

import os
from time import perf_counter_ns

from ayci_runtime.errors import OutOfMemory, is_out_of_memory, one_line
from ayci_runtime.process import drop_credentials, use_writable_folders

drop_credentials()
use_writable_folders()
# numpy only makes and compares data here; buffers of its BLAS threads would count as the model's.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Since 1.29 ONNX Runtime reports models to its makers unless this is set before its import: its
# threads would be timed too, and `disable_telemetry_events` is too late for them.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

_started = perf_counter_ns()
try:
    import numpy  # noqa: F401
    import onnxruntime
except (ImportError, MemoryError) as error:
    if is_out_of_memory(error):
        raise OutOfMemory(one_line(error)) from None
    raise
IMPORT_MS = (perf_counter_ns() - _started) / 1e6

from adapter import OnnxAdapter
from ayci_runtime.handler import make_handler

# Warnings about devices that a sandbox does not have would fill the log's last 4 KB.
onnxruntime.set_default_logger_severity(3)

handler = make_handler(OnnxAdapter(), IMPORT_MS)
