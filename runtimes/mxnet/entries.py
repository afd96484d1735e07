"""Checks that a symbol's edges name outputs that its operators have.

MXNet 1.9.1 does not: an edge from a third output of an operator with one reads and writes memory
beyond its arrays.
"""

from __future__ import annotations

import json
from collections import Counter

import mxnet as mx
from ayci_runtime.errors import InvalidModel
from symbol import Graph, Node

_SHOWN = 60


def check_entries(graph: Graph) -> None:
    """Raises InvalidModel for an edge or output that is not there, MXNetError for odd attributes."""
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
    alone, at = _apart(nodes)
    symbol = mx.sym.load_json(json.dumps(alone, ensure_ascii=False))
    found = Counter(name.split("_")[0] for name in symbol.get_internals().list_outputs())
    return [found[at[index]] if node.op != "null" else 1 for index, node in enumerate(nodes)]


def _apart(nodes: list[Node]) -> tuple[dict, dict[int, str]]:
    """A graph of all operators, each on variables of its own; and by what name each is in it."""
    listed: list[dict] = [{"op": "null", "name": "variable", "inputs": []}]
    same: dict[tuple, str] = {}
    names: dict[int, str] = {}
    for index, node in enumerate(nodes):
        if node.op == "null":
            continue
        key = (node.op, tuple(node.attrs.items()), len(node.inputs), index if node.subgraphs else None)
        if key not in same:
            same[key] = f"n{index}"
            own = {
                "op": node.op,
                "name": f"n{index}",
                "attrs": node.attrs,
                "inputs": [[0, 0, 0]] * len(node.inputs),
            }
            if node.subgraphs:
                own["subgraphs"] = [each.json for each in node.subgraphs]
            listed.append(own)
        names[index] = same[key]
    heads = [[place, 0, 0] for place in range(len(listed))]
    return {"nodes": listed, "arg_nodes": [0], "heads": heads, "attrs": {"mxnet_version": ["int", 10901]}}, names
