"""The handler of the MXNet runtime: `python -m awslambdaric app.handler`."""

from ayci_runtime.start import prepare, timed_import
from environment import check_memory, set_environment

prepare()
set_environment()
check_memory()
IMPORT_MS = timed_import("numpy", "compat", "mxnet")

from adapter import MxnetAdapter
from ayci_runtime.handler import make_handler

handler = make_handler(MxnetAdapter(), IMPORT_MS)
