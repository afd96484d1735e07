"""The handler of the TensorFlow converter: `python -m awslambdaric convert_app.handler`."""

from ayci_runtime.start import prepare, timed_import
from environment import set_environment

prepare()
set_environment()
IMPORT_MS = timed_import("numpy", "tensorflow", "tf2onnx")

from ayci_runtime.handler import make_handler
from convert import TensorflowConverter

handler = make_handler(TensorflowConverter(), IMPORT_MS)
