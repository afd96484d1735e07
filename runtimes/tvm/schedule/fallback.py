"""What is left to TVM's own code, for reports."""

from __future__ import annotations

import re
from collections import Counter

from tvm import relax
from tvm.ir import IRModule

# TVM numbers functions of the same name: conv2d1_add2.
_NUMBERS = re.compile(r"\d+(?=_|$)")


class Fallbacks:
    """Counts, by operator and reason, what no schedule of ours serves."""

    def __init__(self) -> None:
        self._found: Counter[str] = Counter()
        self._kept: set[str] = set()

    def keep(self, call: relax.Call, reason: str) -> relax.Call:
        """`call`, unchanged, and noted."""
        operator = call.op.name.rsplit(".", 1)[-1]
        self._kept.add(operator)
        self._found[f"{operator} ({reason})"] += 1
        return call

    def unscheduled(self, function: str, calls: int) -> None:
        """A function by its name, as TVM gives it, unless its operator was kept with a reason."""
        name = function.removeprefix("fused_")
        known = "tiled_" not in name and any(operator in name for operator in self._kept)
        if not known:
            self._found[_NUMBERS.sub("", name)] += calls

    def told(self) -> list[str]:
        """In words, as `conv2d (weights that are computed): 3`, sorted."""
        return [f"{what}: {count}" for what, count in sorted(self._found.items())]


def calls_of(module: IRModule) -> Counter[str]:
    """How often each function of loops is called, by its name."""
    found: Counter[str] = Counter()

    def count(given: relax.Expr) -> None:
        if isinstance(given, relax.Call) and getattr(given.op, "name", "") == "relax.call_tir":
            found[given.args[0].name_hint] += 1

    for function in module.functions.values():
        if isinstance(function, relax.Function):
            relax.analysis.post_order_visit(function, count)
    return found
