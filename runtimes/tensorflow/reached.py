"""Which nodes of a SavedModel's graph run when it is loaded and served."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.message import DecodeError
from tensorflow.core.framework.function_pb2 import FunctionDef
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.framework.variable_pb2 import VariableDef
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef

# Savers are known by saver_def, and what they are to save by does not run.
_SAVERS = "savers"


def is_object_graph(meta: MetaGraphDef, alone: bool) -> bool:
    """Whether TensorFlow loads it by its objects, and runs nothing of the main graph itself.

    `alone`: whether it is the only graph of its file.
    """
    return alone and meta.HasField("object_graph_def")


def calls_of(node: NodeDef, functions: dict[str, FunctionDef]) -> Iterator[str]:
    """The functions of the library that a node runs."""
    names = [node.op]
    for value in node.attr.values():
        names.append(value.func.name)
        names += [each.name for each in value.list.func]
    return (name for name in names if name in functions)


def running(
    meta: MetaGraphDef, by_objects: bool
) -> tuple[dict[str, NodeDef], dict[str, FunctionDef]]:
    """Nodes of the main graph and functions of the library, by name, that may run."""
    main = {node.name: node for node in meta.graph_def.node}
    functions = {each.signature.name: each for each in meta.graph_def.library.function}
    # TensorFlow may put such a function in the place of another that implements the same.
    waiting = [name for name, each in functions.items() if "api_implements" in each.attr]
    nodes: dict[str, NodeDef] = {}
    if by_objects:
        waiting += [name for name in meta.object_graph_def.concrete_functions if name in functions]
    else:
        nodes = _main_nodes(meta, main)
        for node in nodes.values():
            waiting += calls_of(node, functions)
    entered: dict[str, FunctionDef] = {}
    while waiting:
        name = waiting.pop()
        if name in entered:
            continue
        entered[name] = functions[name]
        for node in functions[name].node_def:
            waiting += calls_of(node, functions)
    return nodes, entered


def node_of(tensor: str) -> str:
    """`node` of `node:1`, `^node`, and in functions `node:output:0`."""
    return tensor.removeprefix("^").partition(":")[0]


def _main_nodes(meta: MetaGraphDef, main: dict[str, NodeDef]) -> dict[str, NodeDef]:
    waiting = [node_of(name) for name in _roots(meta)]
    found: dict[str, NodeDef] = {}
    while waiting:
        name = waiting.pop()
        if name in found or name not in main:
            continue
        found[name] = main[name]
        waiting += [node_of(each) for each in main[name].input]
    return found


def _roots(meta: MetaGraphDef) -> Iterator[str]:
    yield meta.saver_def.restore_op_name
    for signature in meta.signature_def.values():
        for info in (*signature.inputs.values(), *signature.outputs.values()):
            yield info.name
            yield from (info.coo_sparse.values_tensor_name, info.coo_sparse.indices_tensor_name)
            yield info.coo_sparse.dense_shape_tensor_name
            yield from (each.name for each in info.composite_tensor.components)
    for key, collection in meta.collection_def.items():
        yield from collection.node_list.value
        if key != _SAVERS:
            yield from _of_variables(collection.bytes_list.value)


def _of_variables(messages: list[bytes]) -> Iterator[str]:
    for message in messages:
        variable = VariableDef()
        try:
            variable.ParseFromString(message)
        except DecodeError:
            continue
        yield from (variable.variable_name, variable.initial_value_name)
        yield from (variable.initializer_name, variable.snapshot_name)
