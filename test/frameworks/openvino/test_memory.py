"""Too little memory is told as such, wherever it runs out."""

from __future__ import annotations

from pathlib import Path

from asking import through
from little_memory import ending
from onnx_zoo import inputs_of
from runtime_requests import measure_of, subject_of


def test_out_of_memory_is_told(zoo: Path, tmp_path: Path) -> None:
    inputs = inputs_of("resnet18", 64)
    _, made = through(zoo / "resnet18.onnx", tmp_path / "ir", *inputs)
    request = measure_of("openvino", "openvino", subject_of(made, *inputs), batch=64)
    # While it compiles the model, which starts threads, and while it makes inputs.
    assert {ending(request, each) for each in (88, 96, 104, 150, 180)} == {"OutOfMemory"}
    assert ending(request, 1000) == "measure"
