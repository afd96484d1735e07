"""Lambda's entry: `python -m awslambdaric app.handler`."""

from __future__ import annotations

import libraries  # noqa: F401  first: their import is timed, before anything else loads numpy
from adapter import OnnxAdapter

from ayci_runtime.handler import make_handler

handler = make_handler(OnnxAdapter())
