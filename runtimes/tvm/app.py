"""The handler of the TVM runtime: `python -m awslambdaric app.handler`."""

from ayci_runtime.start import prepare, timed_import
from environment import set_environment

prepare()
set_environment(compiler=False)
IMPORT_MS = timed_import("numpy", "tvm")

from adapter import TvmAdapter
from ayci_runtime.handler import make_handler

handler = make_handler(TvmAdapter(), IMPORT_MS)
