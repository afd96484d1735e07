"""Operators that do more than compute."""

from __future__ import annotations

import re

# AYCI's plan goes by the same: src/model/mxnet/refused-operators.json.
# Gradients are registered as operators of their own, some without the line that a name begins with.
GRADIENT = r"(?:_?backward_)*_?"
_CODE = "runs code that the model does not hold"
REASONS = {
    # _Native and _NDArray call an address that is an attribute of the node.
    r"(?:npi_)?_?Custom\w*|Native|NDArray|CachedOp\w*|FusedOp\w*": _CODE,
    r"TensorRT\w*|contrib_(?:boolean_)?tvm\w*": _CODE,
    r"sg_\w+": "belongs to one library and CPU; save the model before optimize_for",
    r"(?:npi_)?cv\w+|imdecode": "reads files and pictures",
}
_PATTERNS = [(re.compile(f"{GRADIENT}(?:{each})", re.ASCII), why) for each, why in REASONS.items()]
# Attributes of nodes that name a file to load.
LIBRARY = r"(?:^|_)(?:library|lib_path|so_path)$"
_LIBRARY = re.compile(LIBRARY)


def reason_against(op: str) -> str | None:
    """Why AYCI does not run an operator, its gradient included; None for one that computes."""
    return next((why for names, why in _PATTERNS if names.fullmatch(op)), None)


def names_library(attribute: str) -> bool:
    """Whether an attribute's value is a library to load."""
    return _LIBRARY.search(attribute) is not None
