"""The handler of the ONNX converter: `python -m awslambdaric convert_app.handler`."""

from ayci_runtime.start import prepare, timed_import
from environment import set_environment

prepare()
set_environment()
IMPORT_MS = timed_import("numpy", "onnxruntime")

from ayci_runtime.handler import make_handler
from converter import OnnxConverter

handler = make_handler(OnnxConverter(), IMPORT_MS)
