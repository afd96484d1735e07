"""The handler of the ONNX runtime: `python -m awslambdaric app.handler`."""

from ayci_runtime.start import prepare, timed_import
from environment import set_environment

prepare()
set_environment()
IMPORT_MS = timed_import("numpy", "onnxruntime")

from adapter import OnnxAdapter
from ayci_runtime.handler import make_handler

handler = make_handler(OnnxAdapter(), IMPORT_MS)
