"""Lambda's entry: `python -m awslambdaric app.handler`."""

from __future__ import annotations

from adapter import OnnxAdapter  # first: its libraries' import is timed

from ayci_runtime.handler import make_handler

handler = make_handler(OnnxAdapter())
