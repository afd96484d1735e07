"""What the runtime refuses by name, as AYCI's plan reads it without Python.

python test/frameworks/mxnet/refused_operators.py writes it, with runtimes/mxnet on PYTHONPATH.
"""

from __future__ import annotations

import json
from pathlib import Path

from operators import GRADIENT, LIBRARY, REASONS

FILE = Path(__file__).resolve().parents[3] / "src/model/mxnet/refused-operators.json"


def refused() -> dict[str, object]:
    """Regular expressions that JavaScript reads as Python does: by `\\w` of ASCII alone."""
    return {"gradient": GRADIENT, "library": LIBRARY, "operators": REASONS}


if __name__ == "__main__":
    FILE.write_text(json.dumps(refused(), indent=2) + "\n", encoding="utf-8")
