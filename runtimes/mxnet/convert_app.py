"""The handler of the MXNet converter: `python -m awslambdaric convert_app.handler`."""

from ayci_runtime.start import prepare, timed_import
from environment import check_memory, set_environment

prepare()
set_environment()
check_memory()
IMPORT_MS = timed_import("numpy", "compat", "mxnet", "onnx")

from ayci_runtime.handler import make_handler
from convert import MxnetConverter

handler = make_handler(MxnetConverter(), IMPORT_MS)
