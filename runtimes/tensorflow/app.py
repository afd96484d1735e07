"""The handler of the TensorFlow runtime: `python -m awslambdaric app.handler`."""

from ayci_runtime.start import prepare, timed_import
from environment import set_environment

prepare()
set_environment()
IMPORT_MS = timed_import("numpy", "tensorflow")

from adapter import TensorflowAdapter
from ayci_runtime.handler import make_handler

handler = make_handler(TensorflowAdapter(), IMPORT_MS)
