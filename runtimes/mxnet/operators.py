"""Operators that do more than compute."""

from __future__ import annotations

import re

_CODE = "runs code that the model does not hold"
_REASONS = {
    # _Native and _NDArray call an address that is an attribute of the node.
    re.compile(r"(?:_npi_)?_?Custom\w*|_Native|_NDArray|_CachedOp\w*|_FusedOp\w*"): _CODE,
    re.compile(r"_TensorRT\w*|_contrib_tvm\w*"): _CODE,
    re.compile(r"_sg_\w+"): "belongs to one library and CPU; save the model before optimize_for",
    re.compile(r"(?:_npi)?_cv\w+"): "reads files and pictures",
}
# Attributes of nodes that name a file to load.
_LIBRARY = re.compile(r"(?:^|_)(?:library|lib_path|so_path)$")


def reason_against(op: str) -> str | None:
    """Why AYCI does not run an operator, its gradient included; None for one that computes."""
    forward = re.sub(r"^(?:_backward_)+", "", op)
    return next((why for names, why in _REASONS.items() if names.fullmatch(forward)), None)


def names_library(attribute: str) -> bool:
    """Whether an attribute's value is a library to load."""
    return _LIBRARY.search(attribute) is not None
