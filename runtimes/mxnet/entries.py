"""Checks that a symbol's edges name outputs that its operators have.

MXNet 1.9.1 does not: an edge from a third output of an operator with one reads and writes memory
beyond its arrays.
"""

from __future__ import annotations

import json
from collections import Counter

import mxnet as mx
from ayci_runtime.errors import InvalidModel
from symbol import VARIABLE, Graph, Node, is_variable

_SHOWN = 60


def check_entries(graph: Graph) -> None:
    """Raises InvalidModel for an output that is not there, MXNetError for odd attributes."""
    counts = _outputs(graph.nodes)
    for node in graph.nodes:
        for index, number in node.inputs:
            _check(graph.nodes[index], number, counts[index])
        for subgraph in node.subgraphs:
            check_entries(subgraph)
    for index, number in graph.heads:
        _check(graph.nodes[index], number, counts[index])


def _check(node: Node, number: int, count: int) -> None:
    if number >= count:
        raise InvalidModel(
            f"node {node.name[:_SHOWN]}: got its output {number}; expected one of {count}."
            " Export the model again"
        )


def _outputs(nodes: list[Node]) -> list[int]:
    """How many outputs each node has, as MXNet counts them of the node alone."""
    listed, names = _apart(nodes)
    alone = {
        "nodes": listed,
        "arg_nodes": [0],
        "heads": [[place, 0, 0] for place in range(len(listed))],
        "attrs": {"mxnet_version": ["int", 10901]},
    }
    symbol = mx.sym.load_json(json.dumps(alone, ensure_ascii=False))
    found = Counter(name.split("_")[0] for name in symbol.get_internals().list_outputs())
    return [found[name] for name in names]


def _apart(nodes: list[Node]) -> tuple[list[dict], list[str]]:
    """All operators, each on one variable, like ones once; and each node's name among them."""
    listed: list[dict] = [{"op": VARIABLE, "name": "variable", "inputs": []}]
    same: dict[tuple, str] = {}
    names = []
    for index, node in enumerate(nodes):
        if is_variable(node):
            names.append("variable")
            continue
        # What is in subgraphs may differ.
        own = index if node.subgraphs else None
        key = (node.op, tuple(node.attrs.items()), len(node.inputs), own)
        if key not in same:
            same[key] = f"n{index}"
            told = {"op": node.op, "name": same[key], "attrs": node.attrs}
            if node.subgraphs:
                told["subgraphs"] = [each.json for each in node.subgraphs]
            listed.append({**told, "inputs": [[0, 0, 0]] * len(node.inputs)})
        names.append(same[key])
    return listed, names
