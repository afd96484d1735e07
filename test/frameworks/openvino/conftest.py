from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

for _folder in ("onnx-convert", "pytorch-convert"):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / _folder))

from onnx_zoo import write_zoo
from serving import python_of


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_zoo(tmp_path_factory.mktemp("zoo"))


@pytest.fixture(scope="session")
def oddities(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The models of onnx_models.py, each as NAME/model.onnx, written where onnx is installed."""
    script = Path(__file__).resolve().parents[1] / "onnx-convert" / "onnx_models.py"
    folder = tmp_path_factory.mktemp("oddities")
    subprocess.run([python_of("onnx-convert"), str(script), str(folder)], check=True)
    return folder
