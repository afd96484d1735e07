"""Reads a Relax module's JSON before TVM does: a graph of Relax's own operators, and no code."""

from __future__ import annotations

import json
import re
from typing import Any

from ayci_runtime.errors import InvalidModel

# Everything that such graphs are made of. Functions of loops and memory (tirx), external functions
# (relax.expr.ExternFunc) and loaded code (ffi.Module) are not among it.
_TYPE = re.compile(
    r"None|bool|int|float|DataType|DLDevice|ffi\.(String|Array|Map|Tensor|Shape|SmallStr|Dict|List)"
    r"|ir\.(IRModule|GlobalVar|DictAttrs|Op|Call|Tuple|TupleGetItem|Var|GenericConst|IntImm|FloatImm"
    r"|BoolImm|StringImm|SourceMap|Span|SourceName|Range|\w+Type)"
    r"|relax\.(\w+Type|attrs\.\w+|expr\.(?!ExternFunc)\w+)|prim\.\w+"
)
# What computes values; others call functions by name, reach into the virtual machine, or print.
_OPERATOR = re.compile(
    r"relax\.(?!call_|invoke_|make_closure|vm\.|memory\.|builtin\.|ccl\.|dist\.|print$|assert_op$)"
    r"[\w.]+|prim\.\w+"
)


def check_relax(text: str) -> None:
    """Raises InvalidModel unless `text` is a module as JSON, of tensors and operators alone."""
    try:
        nodes = json.loads(text)["nodes"]
        for node in nodes:
            _check(node)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InvalidModel("model.relax.json: got what is no module of TVM's JSON") from None


def _check(node: dict[str, Any]) -> None:
    kind = node["type"]
    if not _TYPE.fullmatch(kind):
        raise InvalidModel(f"model.relax.json: got {kind}; expected tensors and operators alone")
    if kind == "ir.Op" and not _OPERATOR.fullmatch(node["data"]):
        raise InvalidModel(
            f"model.relax.json: got operator {node['data']}; expected one that computes values"
        )
