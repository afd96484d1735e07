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

from forwarders import library

_OPENBLAS = "libscipy_openblas.so"
# What that library puts before its functions' names.
_PREFIX = "scipy_"
_REAL = ("ddot", "dgemm", "dger", "dsyrk", "dtrmm", "dtrsm", "saxpy", "sdot", "sgemm", "sger")
_BLAS = (*_REAL, "ssyrk", "strmm", "strsm", "cgemm", "zgemm")
_FORTRAN = ("gels", "geqrf", "gesdd", "gesv", "getrf", "posv", "potrf")
_LAPACKE = (
    *("geev", "gelqf", "gesdd", "gesv", "gesvd", "getrf", "getri"),
    *("orglq", "potrf", "potri", "syevd"),
)
FUNCTIONS = (
    *(f"cblas_{name}" for name in _BLAS),
    *(f"{kind}{name}_" for kind in "sd" for name in _FORTRAN),
    *(f"LAPACKE_{kind}{name}" for kind in "sd" for name in _LAPACKE),
    "openblas_get_num_threads",
    "openblas_set_num_threads",
)


def load_library() -> None:
    """Loads libmxnet.so, after which MXNet's import finds it loaded.

    The loader looks for what it asks for beside it: in a folder where all is by those names.
    Raises OSError where the loader does.
    """
    mxnet = Path(str(distribution("mxnet").locate_file("mxnet")))
    openblas = distribution("scipy-openblas32").locate_file(f"scipy_openblas32/lib/{_OPENBLAS}")
    links = {
        # What lies beside it already.
        **{path.name: path for path in mxnet.glob("*.so*")},
        "libamath.so": _loaded("libm.so.6"),
        "libastring.so": _loaded("libc.so.6"),
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for link, target in links.items():
            (folder / link).symlink_to(target)
        forwards = {function: _PREFIX + function for function in FUNCTIONS}
        (folder / "libarmpl_lp64_mp.so").write_bytes(library(_OPENBLAS, forwards))
        ctypes.CDLL(str(openblas))
        ctypes.CDLL(str(folder / "libmxnet.so"))


def _loaded(name: str) -> Path:
    """The file of a library that this process has loaded."""
    maps = Path("/proc/self/maps").read_text()
    found = re.search(rf"(/\S*/{re.escape(name)})$", maps, re.MULTILINE)
    if found is None:
        raise OSError(f"{name} is not loaded")
    return Path(found[1])
