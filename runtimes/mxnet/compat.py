"""What MXNet 1.9.1 of 2022 asks of Python and numpy, and today's no longer have.

Importing this, before MXNet, puts it in place.
"""

from __future__ import annotations

import platform
import re
import sys
from types import ModuleType

import numpy as np

# Removed in numpy 2.0, by what its notes name in their place.
_RENAMED = {
    "Inf": np.inf,
    "NAN": np.nan,
    "NINF": -np.inf,
    "NZERO": -0.0,
    "NaN": np.nan,
    "PINF": np.inf,
    "PZERO": 0.0,
    "alltrue": np.all,
    "cumproduct": np.cumprod,
    "in1d": np.isin,
    "msort": np.sort,
    "product": np.prod,
    "round_": np.round,
    "sometrue": np.any,
    "trapz": np.trapezoid,
}
# Removed in numpy 1.20; MXNet only gives them on.
_FINANCE = ("mirr", "npv", "pmt", "ppmt", "pv", "rate")


class Version:
    """A version such as '1.9.1', compared by its first three numbers."""

    def __init__(self, text: str) -> None:
        self.numbers = [int(each) for each in re.findall(r"\d+", text)[:3]]

    def __ge__(self, other: Version) -> bool:
        return self.numbers >= other.numbers


def _gone(*_given: object, **_named: object) -> None:
    raise NotImplementedError("numpy has no financial functions since 1.20")


def _install() -> None:
    for name, value in (_RENAMED | dict.fromkeys(_FINANCE, _gone)).items():
        if name not in vars(np):
            setattr(np, name, value)
    versions = ModuleType("distutils.version")
    versions.LooseVersion = versions.StrictVersion = Version
    package = ModuleType("distutils")
    package.version = versions
    sys.modules.setdefault("distutils", package)
    sys.modules.setdefault("distutils.version", versions)


_install()
if platform.machine() == "aarch64":
    from arm_library import load_library

    load_library()
