"""What is left to TVM's own code, for reports."""

from __future__ import annotations

from collections import Counter

from tvm import relax


class Fallbacks:
    """Counts, by operator and reason, what no schedule of ours serves."""

    def __init__(self) -> None:
        self._found: Counter[str] = Counter()

    def keep(self, call: relax.Call, reason: str) -> relax.Call:
        """`call`, unchanged, and noted."""
        self.note(f"{call.op.name.rsplit('.', 1)[-1]} ({reason})")
        return call

    def note(self, what: str, count: int = 1) -> None:
        self._found[what] += count

    def told(self) -> list[str]:
        """In words, as `conv2d (weights that are computed): 3`, sorted."""
        return [f"{what}: {count}" for what, count in sorted(self._found.items())]
