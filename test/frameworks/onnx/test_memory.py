"""Too little memory is told as such, wherever it runs out."""

from __future__ import annotations

from pathlib import Path

from ayci_runtime.errors import is_out_of_memory
from little_memory import ending
from onnx_zoo import inputs_of
from runtime_requests import artifact_of, measure_of, subject_of


def test_out_of_memory_is_told(zoo: Path) -> None:
    artifact = artifact_of(zoo / "resnet18.onnx", entry="model.onnx")
    subject = subject_of(artifact, *inputs_of("resnet18", 8))
    request = measure_of("onnx", "onnx", subject, batch=8)
    # While it reads the model, prepares it, makes inputs, runs.
    assert {ending(request, each) for each in (90, 120, 150, 180)} == {"OutOfMemory"}
    assert ending(request, 1000) == "measure"


def test_out_of_memory_of_the_import_is_told(zoo: Path) -> None:
    artifact = artifact_of(zoo / "small.onnx", entry="model.onnx")
    request = measure_of("onnx", "onnx", subject_of(artifact, *inputs_of("small", 1)))
    assert is_out_of_memory(ValueError(ending(request, 30)))
