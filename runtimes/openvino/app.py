"""The handler of the OpenVINO runtime: `python -m awslambdaric app.handler`."""

from ayci_runtime.start import prepare, timed_import

prepare()
IMPORT_MS = timed_import("numpy", "openvino")

from adapter import OpenvinoAdapter
from ayci_runtime.handler import make_handler

handler = make_handler(OpenvinoAdapter(), IMPORT_MS)
