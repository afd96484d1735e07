"""Which operators a model may name: those that compute, and none that reaches out."""

from __future__ import annotations

import re

NAMESPACES = frozenset(
    """
    aten prim prims quantized _quantized quantized_decomposed mkldnn mkldnn_prepacked onednn mkl
    sparse quantization
    """.split()
)
# They read and write files, call Python or another machine.
REFUSED = frozenset(
    """
    aten.from_file aten.save prim.PythonOp prim.IgnoredPythonOp
    prim.rpc_async prim.rpc_sync prim.rpc_remote
    """.split()
)
_HIGHER_ORDER = (
    "cond|while_loop|map_impl|scan|associative_scan|out_dtype|flex_attention"
    "|wrap_with_set_grad_enabled|wrap_with_autocast"
)
# No attributes that every object of Python has, such as __globals__.
_OVERLOADED = re.compile(
    r"torch\.ops\.(\w+)\.((?!__)\w+|__i?(?:and|or|xor|lshift|rshift)__)\.(?!__)\w+", re.ASCII
)
# On sizes: torch._export.serde.serialize._SYM_OPS.
_PLAIN = re.compile(
    rf"torch\.ops\.higher_order\.({_HIGHER_ORDER})"
    r"|torch\.(sym_(max|min|not|ite|float|int|sqrt)|_sym_sqrt)|math\.trunc"
    r"|_operator\.(add|sub|mul|floordiv|truediv|mod|pow|neg|pos|eq|ne|lt|le|gt|ge"
    r"|and_|or_|lshift|rshift|getitem)"
)


def is_allowed(namespace: str, name: str) -> bool:
    """Whether `namespace::name` only computes."""
    return namespace in NAMESPACES and f"{namespace}.{name}" not in REFUSED


def is_allowed_target(target: str) -> bool:
    """Whether a graph node of an exported program may call this, e.g. `torch.ops.aten.add.Tensor`.

    torch looks targets up attribute by attribute, so that any function that it can reach might be
    named here.
    """
    overloaded = _OVERLOADED.fullmatch(target)
    if overloaded:
        return is_allowed(overloaded[1], overloaded[2])
    return _PLAIN.fullmatch(target) is not None
