from __future__ import annotations

from pathlib import Path

import app  # noqa: F401
import pytest
from tensorflow_models import write_zoo
from threads import use_threads

# Before the first operator, which tests run when they make models.
use_threads(1)


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_zoo(tmp_path_factory.mktemp("zoo"))


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """What a hostile model of this test would write."""
    return tmp_path / "written"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where this test saves its model."""
    return tmp_path / "model"
