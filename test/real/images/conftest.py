"""What the tests of images share: a server of models, and requests as the other tests make them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1] / "runtime"))
sys.path.insert(0, str(HERE.parents[2] / "frameworks" / "support"))

import zoo
from serving import files, running


@pytest.fixture(scope="session")
def www(tmp_path_factory):
    """A folder, and the address at which an image can read it."""
    folder = tmp_path_factory.mktemp("www")
    with running(files(folder)) as address:
        yield folder, address


@pytest.fixture(scope="session")
def unconverted(www):
    """The zoo's small net as users have it, by framework."""
    folder, _ = www
    return zoo.unconverted(folder)
