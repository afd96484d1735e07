from __future__ import annotations

import sys
from pathlib import Path

import convert_app  # noqa: F401
import pytest

# Models are made by the helpers of the serving environment's tests.
sys.path.append(str(Path(__file__).resolve().parents[1] / "tensorflow"))

from tensorflow_models import write_zoo
from threads import use_threads

# Before the first operator, which tests run when they make models.
use_threads(1)


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_zoo(tmp_path_factory.mktemp("zoo"))
