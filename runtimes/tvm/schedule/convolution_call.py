"""A convolution as it is called."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from tvm import relax

from schedule.kernels import Window
from schedule.shapes import shape_of

# What fuses with a kernel: elementwise operators after it.
FUSES = {"op_pattern": 4}


@dataclass(frozen=True)
class Convolution:
    """x [n, h, w, c] by weights [outputs, kh, kw, c / groups].

    padding: top, left, bottom, right.
    """

    x: relax.Expr
    weights: np.ndarray
    window: Window
    padding: tuple[int, ...]
    groups: int

    @property
    def sizes(self) -> tuple[int, ...]:
        """n, h, w, c."""
        return shape_of(self.x)

    @property
    def outputs(self) -> tuple[int, int]:
        """Height and width."""
        _, h, w, _ = self.sizes
        top, left, bottom, right = self.padding
        return self.window.outputs(h + top + bottom, w + left + right)

    @property
    def pixels(self) -> int:
        """Of all images' outputs."""
        return self.sizes[0] * prod(self.outputs)
