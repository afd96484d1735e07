"""The runtime's verdict on TensorFlow's public operators, as AYCI's plan reads it.

python test/frameworks/tensorflow/known_operators.py writes it, with the runtime's folders on
PYTHONPATH.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

from operators import SAVING, VOCABULARY, family_of, reason_against
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.framework.op_def_pb2 import OpList
from tensorflow.python.client import pywrap_tf_session

FILE = Path(__file__).resolve().parents[3] / "src/model/tensorflow/known-operators.json"


def registered() -> list[str]:
    """Every operator that TensorFlow knows, public or not; the latter are not in every build."""
    found = OpList()
    found.ParseFromString(pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList()))
    return sorted(op.name for op in found.op)


def public() -> list[str]:
    """Those of `tf.raw_ops`."""
    return [op for op in registered() if family_of(op)]


def verdicts() -> dict[str, object]:
    """`computing` by family, `reaching` by what speaks against it; names with a blank between."""
    computing, reaching = defaultdict(list), defaultdict(list)
    for op in public():
        reason = reason_against(NodeDef(op=op))
        if reason is None:
            computing[family_of(op)].append(op)
        else:
            reaching[reason].append(op)
    return {
        "computing": _joined(computing),
        "reaching": _joined(reaching),
        "saving": " ".join(sorted(SAVING)),
        "vocabulary": " ".join(sorted(VOCABULARY)),
    }


def _joined(groups: dict[str, list[str]]) -> dict[str, str]:
    return {name: " ".join(groups[name]) for name in sorted(groups)}


if __name__ == "__main__":
    FILE.write_text(json.dumps(verdicts(), indent=2) + "\n", encoding="utf-8")
