from __future__ import annotations

import sys
from pathlib import Path

import pytest

for _folder in ("onnx-convert", "pytorch-convert"):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / _folder))

from onnx_zoo import write_zoo


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_zoo(tmp_path_factory.mktemp("zoo"))
