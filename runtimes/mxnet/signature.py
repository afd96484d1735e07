"""What a symbol takes and gives, once its parameters are known."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection

from ayci_runtime.adapter import InputType
from ayci_runtime.errors import InvalidModel
from params import DTYPES
from symbol import Graph, Node, is_variable

# Their second input is a label, which inference does not need.
_LOSSES = re.compile(
    r"SoftmaxOutput|Softmax|\w+RegressionOutput|SVMOutput|MakeLoss|CTCLoss|_contrib_CTCLoss"
)
# Names that Gluon and Module give to what is learned.
_WEIGHT = re.compile(r"(?:^|_)(?:weight|bias|gamma|beta|(?:running|moving)_(?:mean|var))$")
_SHAPE = re.compile(r"[(\[]([-\d,\sL]*)[)\]]")
_SHOWN = 3


def inputs_of(graph: Graph, params: Collection[str]) -> list[InputType]:
    """The variables that neither a parameter nor a label feeds, with what the symbol tells of them.

    Raises InvalidModel that names parameters which are missing.
    """
    labels = _labels(graph)
    free = [
        node
        for index, node in enumerate(graph.nodes)
        if is_variable(node) and node.name not in params and index not in labels
    ]
    missing = [node.name for node in free if _WEIGHT.search(node.name)]
    if missing:
        shown = ", ".join(name[:100] for name in missing[:_SHOWN])
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        raise InvalidModel(
            f"parameters: got none for {shown}{more}; expected those of this symbol."
            " Export both files by net.export or mod.save_checkpoint"
        )
    if not free:
        raise InvalidModel("inputs: got none; expected a variable that no parameter feeds")
    return [InputType(node.name, _dtype(node), _dims(node)) for node in free]


def outputs_of(graph: Graph) -> list[str]:
    """Names: the node's, and `name[i]` where several of one node's are outputs."""
    counts = Counter(node for node, _ in graph.heads)
    return [
        graph.nodes[node].name + (f"[{number}]" if counts[node] > 1 else "")
        for node, number in graph.heads
    ]


def _labels(graph: Graph) -> set[int]:
    labels, needed = set(), {node for node, _ in graph.heads}
    for node in graph.nodes:
        for place, (given, _) in enumerate(node.inputs):
            (labels if place == 1 and _LOSSES.fullmatch(node.op) else needed).add(given)
    return labels - needed


def _dtype(node: Node) -> str | None:
    flag = node.attrs.get("__dtype__", "")
    return DTYPES.get(int(flag)) if re.fullmatch(r"\d{1,3}", flag) else None


def _dims(node: Node) -> tuple[int | None, ...] | None:
    """Of `(0, 3, 224, 224)`, where 0 and -1 are sizes that are not known."""
    found = _SHAPE.fullmatch(node.attrs.get("__shape__", ""))
    sizes = [each.strip().removesuffix("L") for each in found[1].split(",")] if found else []
    if not all(re.fullmatch(r"-?\d{1,18}", each) for each in sizes if each):
        raise InvalidModel(
            f"input {node.name[:100]}: got an odd shape; expected one such as (0, 3)"
        )
    known = [int(each) for each in sizes if each]
    return tuple(size if size > 0 else None for size in known) or None
