"""A model by way of ONNX, against MXNet itself."""

from __future__ import annotations

from pathlib import Path

import convert_app
import onnx
from runtime_requests import ask, convert_of, converted, infer_of, measure_of, subject_of
from serving import served


def exported(found: dict, folder: Path, *inputs: dict, batch: int = 1, **more) -> onnx.ModelProto:
    """What the converter wrote to `folder`."""
    request = convert_of("mxnet", "onnx", found, folder, *inputs, batch=batch, **more)
    answer = ask(convert_app.handler, request)
    assert (
        answer["entry"] == "model.onnx" and answer["optimizeMs"] > 0 and answer["compileMs"] is None
    )
    return onnx.load(folder / "model.onnx")


def compared(found: dict, folder: Path, *inputs: dict, batch: int = 1) -> dict:
    """The subject of a measurement on ONNX Runtime, in its own environment, of what is exported."""
    answer = ask(
        convert_app.handler,
        convert_of("mxnet", "onnx", found, folder / "onnx", *inputs, batch=batch),
    )
    expected = ask(
        convert_app.handler, infer_of("mxnet", found, folder / "expected", *inputs, batch=batch)
    )
    subject = subject_of(
        converted(answer, folder / "onnx"),
        *inputs,
        expected=converted(expected, folder / "expected"),
    )
    (measured,) = served("onnx", measure_of("onnx", "vanilla", subject, batch=batch))["subjects"]
    return measured
