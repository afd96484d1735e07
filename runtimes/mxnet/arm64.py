"""Loads MXNet's library on arm64, where its wheel asks for others that it does not bring.

It was linked with Arm's Performance Libraries, which no package index has. What it takes of them
are BLAS and LAPACK, which OpenBLAS has too, and functions that are in C's own libraries.
"""

from __future__ import annotations

import ctypes
import re
import tempfile
from importlib.metadata import distribution
from pathlib import Path

_OPENBLAS = "cmeel.prefix/lib/libopenblas.so.0"


def load_library() -> None:
    """Loads libmxnet.so, after which MXNet's import finds it loaded.

    The loader looks for what it asks for beside it: in a folder of links by those names. Raises
    OSError where the loader does.
    """
    own = Path(str(distribution("mxnet").locate_file("mxnet")))
    links = {
        "libmxnet.so": own / "libmxnet.so",
        "libgfortran.so.5": own / "libgfortran.so.5",
        "libarmpl_lp64_mp.so": Path(str(distribution("cmeel-openblas").locate_file(_OPENBLAS))),
        "libamath.so": _loaded("libm.so.6"),
        "libastring.so": _loaded("libc.so.6"),
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, target in links.items():
            (Path(folder) / name).symlink_to(target)
        ctypes.CDLL(str(Path(folder) / "libmxnet.so"))


def _loaded(name: str) -> Path:
    """The file of a library that this process has loaded."""
    maps = Path("/proc/self/maps").read_text()
    found = re.search(rf"(/\S*/{re.escape(name)})$", maps, re.MULTILINE)
    if found is None:
        raise OSError(f"{name} is not loaded")
    return Path(found[1])
