"""Which nodes of a SavedModel's graph may run when it is loaded and served."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass

from google.protobuf.message import DecodeError
from tensorflow.core.framework.attr_value_pb2 import AttrValue
from tensorflow.core.framework.function_pb2 import FunctionDef
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.framework.variable_pb2 import VariableDef
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef

# Messages of savers, among which VariableDefs must not be looked for.
_SAVERS = "savers"
# One that saves and one that restores, with what they call. Each is looked for in all objects.
_MOST_OF_SAVER = 16

Nodes = dict[str, NodeDef]
Functions = dict[str, FunctionDef]


@dataclass(frozen=True)
class Running:
    """By name: what runs of the main graph, of it to restore variables, and of the library."""

    main: Nodes
    restoring: Nodes
    functions: Functions


def running(meta: MetaGraphDef, by_objects: bool) -> Running:
    """What may run: of the library every function but those that nothing but the saver names.

    `by_objects`: TensorFlow loads it by its object graph, as it does what version 2 saved alone in
    its file, and runs nothing of the main graph.
    """
    main: Nodes = {}
    restoring: Nodes = {}
    tensors = [meta.saver_def.save_tensor_name]
    if by_objects:
        tensors.append(meta.saver_def.restore_op_name)
    else:
        main = _needed(meta, _roots(meta))
        restoring = _needed(meta, [meta.saver_def.restore_op_name])
    library = {each.signature.name: each for each in meta.graph_def.library.function}
    saver = _of_saver(meta, library, _needed(meta, tensors), [*main.values(), *restoring.values()])
    functions = {name: each for name, each in library.items() if name not in saver}
    return Running(main, restoring, functions)


def _of_saver(
    meta: MetaGraphDef, library: Functions, nodes: Nodes, running_nodes: Iterable[NodeDef]
) -> Set[str]:
    """Functions that these nodes of the main graph call, and nothing else anywhere."""
    found = _called(library, _calls(nodes.values()))
    if len(found) > _MOST_OF_SAVER:
        return set()
    # Objects name functions in several fields, and newer ones may do so in more.
    objects = meta.object_graph_def.SerializeToString()
    # TensorFlow may put such a function in the place of another that implements the same.
    others = [
        name
        for name, each in library.items()
        if name not in found or "api_implements" in each.attr or name.encode() in objects
    ]
    others += _calls(node for node in meta.graph_def.node if node.name not in nodes)
    others += _calls(running_nodes)
    return found - _called(library, others)


def _called(library: Functions, names: Iterable[str]) -> Set[str]:
    """Functions of these names, and all that they call."""
    waiting = list(names)
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found and name in library:
            found.add(name)
            waiting += _calls(library[name].node_def)
    return found


def _calls(nodes: Iterable[NodeDef]) -> Iterator[str]:
    for node in nodes:
        yield from calls_of(node)


def called_in(runs: Running) -> set[str]:
    """Names of the functions that a node of what runs calls."""
    nodes = [*runs.main.values(), *runs.restoring.values()]
    nodes += [node for each in runs.functions.values() for node in each.node_def]
    return set(_calls(nodes))


def calls_of(node: NodeDef) -> Iterator[str]:
    """Names that are those of functions where the library has such."""
    yield node.op
    for value in node.attr.values():
        yield from _functions_in(value)


def _functions_in(value: AttrValue) -> Iterator[str]:
    for function in (value.func, *value.list.func):
        yield function.name
        for inner in function.attr.values():
            yield from _functions_in(inner)


def node_of(tensor: str) -> str:
    """`node` of `node:1`, `^node`, and in functions `node:output:0`."""
    return tensor.removeprefix("^").partition(":")[0]


def tensor_of(given: str) -> str:
    """`node:0` of a node's input `node`, which is its first output."""
    return given if ":" in given else f"{given}:0"


def _needed(meta: MetaGraphDef, tensors: Iterable[str]) -> Nodes:
    graph = {node.name: node for node in meta.graph_def.node}
    waiting = [node_of(each) for each in tensors]
    found: Nodes = {}
    while waiting:
        name = waiting.pop()
        if name not in found and name in graph:
            found[name] = graph[name]
            waiting += [node_of(each) for each in graph[name].input]
    return found


def _roots(meta: MetaGraphDef) -> Iterator[str]:
    """What signatures and collections name, among which are initializers."""
    for signature in meta.signature_def.values():
        for info in (*signature.inputs.values(), *signature.outputs.values()):
            yield info.name
            sparse = info.coo_sparse
            yield from (sparse.values_tensor_name, sparse.indices_tensor_name)
            yield sparse.dense_shape_tensor_name
            yield from (each.name for each in info.composite_tensor.components)
    for key, collection in meta.collection_def.items():
        yield from collection.node_list.value
        if key != _SAVERS:
            yield from _of_variables(collection.bytes_list.value)


def _of_variables(messages: Iterable[bytes]) -> Iterator[str]:
    for message in messages:
        variable = VariableDef()
        try:
            variable.ParseFromString(message)
        except DecodeError:
            continue
        yield from (variable.variable_name, variable.initial_value_name)
        yield from (variable.initializer_name, variable.snapshot_name)
