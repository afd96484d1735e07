"""The handler of the PyTorch runtime: `python -m awslambdaric app.handler`."""

from ayci_runtime.start import prepare, timed_import
from environment import set_environment

prepare()
set_environment()
IMPORT_MS = timed_import("numpy", "torch")

from adapter import PytorchAdapter
from ayci_runtime.handler import make_handler

handler = make_handler(PytorchAdapter(), IMPORT_MS)
