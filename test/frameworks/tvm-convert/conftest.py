from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "pytorch-convert"))

from serving import ROOT, python_of


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ONNX nets, by the zoo's own command."""
    folder = tmp_path_factory.mktemp("zoo")
    script = str(ROOT / "test" / "zoo" / "onnx.py")
    subprocess.run([python_of("onnx-convert"), script, str(folder)], check=True)
    return folder
