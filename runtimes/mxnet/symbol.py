"""A symbol's JSON, read and checked before MXNet sees it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ayci_runtime.errors import InvalidModel
from operators import names_library, reason_against

_MOST_BYTES = 64 << 20
_MOST_NODES = 100_000
_MOST_HEADS = 10_000
# Of subgraphs within operators such as _foreach.
_MOST_NESTED = 8
# What MXNet has called a node's attributes, from today back.
ATTRIBUTES = ("attrs", "attr", "param")
VARIABLE = "null"
_SHOWN = 60


@dataclass(frozen=True)
class Node:
    """An operator, or a variable where `op` is VARIABLE. An input: (node, which of its outputs)."""

    op: str
    name: str
    attrs: dict[str, str]
    inputs: list[tuple[int, int]]
    subgraphs: list[Graph] = field(default_factory=list)


@dataclass(frozen=True)
class Graph:
    """Nodes in an order that they can run in; `heads`: its outputs; `json`: all that was read."""

    nodes: list[Node]
    heads: list[tuple[int, int]]
    json: dict[str, Any]


def is_variable(node: Node) -> bool:
    """Whether a node is fed, not computed."""
    return node.op == VARIABLE


def read_symbol(path: Path) -> Graph:
    """The graph of a symbol file.

    Raises InvalidModel for what is no symbol, is too large, or has operators that do more than
    compute.
    """
    with path.open("rb") as file:
        raw = file.read(_MOST_BYTES + 1)
    if len(raw) > _MOST_BYTES:
        raise InvalidModel(f"{path.name}: got more than {_MOST_BYTES >> 20} MB; expected a symbol")
    try:
        return graph_of(json.loads(raw, object_pairs_hook=_once))
    except _Odd as odd:
        raise InvalidModel(
            f"{path.name}: got {odd}; expected a symbol as net.export and mod.save_checkpoint"
            " write it. Export the model again"
        ) from None
    except (ValueError, RecursionError):
        raise InvalidModel(
            f"{path.name}: got no JSON; expected a symbol. Export it by net.export(NAME)"
        ) from None


class _Odd(Exception):
    """What a symbol does not have."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Odd("a key twice")
    return found


def graph_of(told: Any, nested: int = 0) -> Graph:
    """The graph of a symbol's JSON. Raises InvalidModel or, for what is no symbol, _Odd."""
    if nested > _MOST_NESTED:
        raise _Odd(f"subgraphs within subgraphs, {nested} deep")
    listed = _list(told, "nodes")
    if not 0 < len(listed) <= _MOST_NODES:
        raise _Odd(f"{len(listed)} nodes")
    nodes = [_node(each, index, nested) for index, each in enumerate(listed)]
    heads = [_entry(each, len(nodes)) for each in _list(told, "heads")]
    if not heads and nested == 0:
        raise _Odd("no outputs")
    if len(heads) > _MOST_HEADS:
        raise _Odd(f"{len(heads)} outputs")
    return Graph(nodes, heads, told)


def _node(told: Any, index: int, nested: int) -> Node:
    op, name = _text(told, "op"), _text(told, "name")
    attrs: dict[str, str] = {}
    for key in ATTRIBUTES:
        found = told.get(key, {})
        if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
            raise _Odd(f"attributes of node {name[:_SHOWN]!r} that are no texts")
        attrs |= found
    _refuse_code(op, name, attrs)
    inputs = [_entry(each, index) for each in _list(told, "inputs")]
    if op == VARIABLE and inputs:
        raise _Odd(f"a variable {name[:_SHOWN]!r} with inputs")
    subgraphs = [graph_of(each, nested + 1) for each in _list(told, "subgraphs", optional=True)]
    return Node(op, name, attrs, inputs, subgraphs)


def _refuse_code(op: str, name: str, attrs: dict[str, str]) -> None:
    reason = reason_against(op)
    if reason is None and any(names_library(key) for key in attrs):
        reason = "names a library to load"
    if reason is not None:
        raise InvalidModel(
            f"operators: got {op[:_SHOWN]} (node {name[:_SHOWN]}: it {reason}); expected those of"
            " MXNet that only compute. Export the model without it"
        )


def _list(told: Any, key: str, optional: bool = False) -> list[Any]:
    found = told.get(key, [] if optional else None) if isinstance(told, dict) else None
    if not isinstance(found, list):
        raise _Odd(f"no list of {key}")
    return found


def _text(told: Any, key: str) -> str:
    found = told.get(key) if isinstance(told, dict) else None
    if not isinstance(found, str) or not found:
        raise _Odd(f"a node without its {key}")
    return found


def _entry(told: Any, before: int) -> tuple[int, int]:
    """`[node, output, version]`, of a node before number `before`."""
    numbers = isinstance(told, list) and len(told) in (2, 3)
    if not numbers or not all(type(each) is int and each >= 0 for each in told):
        raise _Odd("an input or output that is not [node, number, version]")
    if told[0] >= before:
        raise _Odd(f"an input or output of node {told[0]}, which is not before it")
    return told[0], told[1]
