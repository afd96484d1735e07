"""The handler of the PyTorch converter: `python -m awslambdaric convert_app.handler`."""

from ayci_runtime.start import prepare, timed_import
from environment import set_environment

prepare()
set_environment()
# What only one of the conversions takes is imported by that one.
IMPORT_MS = timed_import("numpy", "torch")

from ayci_runtime.handler import make_handler
from convert import PytorchConverter

handler = make_handler(PytorchConverter(), IMPORT_MS)
