from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "tvm"))

from other_runtimes import write_zoo


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ONNX nets."""
    return write_zoo(tmp_path_factory.mktemp("onnx"), "onnx", "onnx-convert")


@pytest.fixture(scope="session")
def pytorch_zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Exported programs."""
    folder = tmp_path_factory.mktemp("pytorch")
    return write_zoo(folder, "pytorch", "pytorch", "small", "bert")


@pytest.fixture(scope="session")
def tensorflow_zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SavedModels."""
    folder = tmp_path_factory.mktemp("tensorflow")
    return write_zoo(folder, "tensorflow", "tensorflow", "small", "bert")
