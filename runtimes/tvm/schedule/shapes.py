"""Static shapes, element types and constants of Relax expressions."""

from __future__ import annotations

import numpy as np
from tvm import relax
from tvm.ir import GenericConst
from tvm.tirx import IntImm


def shape_of(given: relax.Expr) -> tuple[int, ...] | None:
    """The sizes, or None where one of them is not known."""
    shape = getattr(given.ty, "shape", None)
    if not isinstance(shape, relax.ShapeExpr):
        return None
    return tuple(map(int, shape)) if all(isinstance(size, IntImm) for size in shape) else None


def dtype_of(given: relax.Expr) -> str:
    """The element type, as `float32`; empty for what is no tensor."""
    return str(getattr(given.ty, "dtype", ""))


def floats(*given: relax.Expr) -> bool:
    """Whether all are tensors of float32 whose sizes are known."""
    return all(dtype_of(each) == "float32" and shape_of(each) is not None for each in given)


def constant_of(builder: relax.BlockBuilder, given: relax.Expr) -> np.ndarray | None:
    """The values of a constant, also of a variable bound to one; None for anything else."""
    if isinstance(given, relax.Var):
        given = builder.lookup_binding(given)
    return given.value.numpy() if isinstance(given, GenericConst) else None


def integers(given: object) -> tuple[int, ...]:
    """An attribute's integers."""
    return tuple(int(each) for each in given)


def round_up(size: int, step: int) -> int:
    """The least multiple of `step` that is not below `size`."""
    return -(-size // step) * step
