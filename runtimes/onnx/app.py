"""The handler of the ONNX runtime: `python -m awslambdaric app.handler`."""

import os

from ayci_runtime.start import prepare, timed_import

prepare()
# Since 1.29 ONNX Runtime reports models to its makers unless this is set before its import: its
# threads would be timed too, and `disable_telemetry_events` is too late for them.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
IMPORT_MS = timed_import("numpy", "onnxruntime")

import onnxruntime
from adapter import OnnxAdapter
from ayci_runtime.handler import make_handler

# Warnings about devices that a sandbox does not have would fill the log's last 4 KB.
onnxruntime.set_default_logger_severity(3)

handler = make_handler(OnnxAdapter(), IMPORT_MS)
