"""An engine's first inference in a process of its own, as somebody would write it:

    python bare_first.py ENGINE MODEL [NAME=DTYPE:1x3x224x224 ...]

Imports what it needs and Lambda's own client, without which no function runs, makes the inputs, loads, runs once, and
ends without tidying up.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import awslambdaric.bootstrap  # noqa: F401
import numpy as np
from bare_engines import BARE

ENGINE, MODEL, *INPUTS = sys.argv[1:]


def feeds() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    made = {}
    for each in INPUTS:
        name, kind = each.rsplit("=", 1)
        dtype, shape = kind.split(":")
        made[name] = rng.standard_normal([int(dim) for dim in shape.split("x")]).astype(dtype)
    return made


BARE[ENGINE](Path(MODEL), feeds())()
os._exit(0)
