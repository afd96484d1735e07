"""The handler of the TVM converter: `python -m awslambdaric convert_app.handler`."""

from ayci_runtime.start import prepare, timed_import
from environment import set_environment

prepare()
set_environment(compiler=True)
IMPORT_MS = timed_import("numpy", "tvm", "onnx", "tflite")

from ayci_runtime.handler import make_handler
from convert import TvmConverter

handler = make_handler(TvmConverter(), IMPORT_MS)
