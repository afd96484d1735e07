from __future__ import annotations

import sys
from pathlib import Path

# First, since it sets what MXNet reads when it is imported.
import convert_app  # noqa: F401
import pytest

for _folder in ("mxnet", "pytorch-convert"):
    sys.path.append(str(Path(__file__).resolve().parents[1] / _folder))

from mxnet_models import write_zoo


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_zoo(tmp_path_factory.mktemp("zoo"))
