from __future__ import annotations

from pathlib import Path

import pytest
from compiled_models import Compiled, compile_net


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    return compile_net(tmp_path_factory.mktemp("small"), "small", "float32", [1, 3, 32, 32])


@pytest.fixture(scope="session")
def resnet18(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    return compile_net(tmp_path_factory.mktemp("net"), "resnet18", "float32", [1, 3, 224, 224])


@pytest.fixture
def copied(small: Compiled, tmp_path: Path) -> Compiled:
    """The small one, to be changed."""
    return small.copied(tmp_path / "copy")
