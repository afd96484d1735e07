"""An ONNX model through OpenVINO's converter."""

from __future__ import annotations

from pathlib import Path

import app
from runtime_requests import artifact_of, ask, convert_of, converted


def through(path: Path, output: Path, *inputs: dict, others=(), **more) -> tuple[dict, dict]:
    """The conversion's answer, and what it made; `others`: files beside the model."""
    artifact = artifact_of(path, *others, entry="model.onnx")
    answer = ask(app.handler, convert_of("openvino", "openvino", artifact, output, *inputs, **more))
    return answer, converted(answer, output)
