"""Too little memory is told as such, wherever it runs out."""

from __future__ import annotations

from pathlib import Path

import pytest
from little_memory import ending
from mxnet_models import artifact, inputs_of
from runtime_requests import measure_of, subject_of


def request(zoo: Path) -> dict:
    subject = subject_of(artifact(zoo, "resnet18"), *inputs_of("resnet18", 8))
    return measure_of("mxnet", "vanilla", subject, batch=8)


# While loading, and while binding.
@pytest.mark.parametrize("megabytes", [270, 330])
def test_out_of_memory_is_told(zoo: Path, megabytes: int) -> None:
    assert ending(request(zoo), megabytes) == "OutOfMemory"


def test_out_of_memory_of_the_import_is_told(zoo: Path) -> None:
    """MXNet itself would crash there."""
    assert "OutOfMemory: MXNet takes" in ending(request(zoo), 128)


def test_enough_memory(zoo: Path) -> None:
    assert ending(request(zoo), 2000) == "measure"
