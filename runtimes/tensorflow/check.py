"""Refuses a SavedModel whose graph does more than compute, before TensorFlow loads it."""

from __future__ import annotations

from collections.abc import Iterator

from assets import check_assets, reads_asset
from ayci_runtime.errors import InvalidModel
from operators import SAVING, VOCABULARY, is_registered, reason_against
from reached import Running, called_in, running, tensor_of
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

_SHOWN = 5
_TO_FILES = SAVING | VOCABULARY
_FILES = "reads or writes files"


def check_graphs(saved: SavedModel, meta: MetaGraphDef) -> None:
    """Raises InvalidModel that names the operators, or the asset, that AYCI does not run.

    Every graph of `saved` and all functions of its library, called or not, are read. `meta`: the
    one that is served; in it variables are not to be saved or restored but by TensorFlow itself.
    """
    found: dict[str, str] = {}
    for each in saved.meta_graphs:
        check_assets(each)
        own = _functions(each)
        for node in _nodes(each):
            is_call = node.op in own and not is_registered(node.op)
            reason = None if is_call else reason_against(node)
            if reason:
                found.setdefault(node.op, reason)
    by_objects = len(saved.meta_graphs) == 1 and meta.HasField("object_graph_def")
    found |= {op: _FILES for op in _reaching(meta, running(meta, by_objects))}
    if found:
        listed = ", ".join(f"{op[:60]} ({why})" for op, why in list(found.items())[:_SHOWN])
        more = f", and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise InvalidModel(
            f"operators: got {listed}{more}; expected those that only compute."
            " Save a signature without them"
        )


def _functions(meta: MetaGraphDef) -> set[str]:
    """Names of the library's functions."""
    names = [function.signature.name for function in meta.graph_def.library.function]
    found = set(names)
    if len(found) < len(names):
        raise InvalidModel(
            "functions: got two of the same name; expected one of each. Save the model again"
        )
    return found


def _nodes(meta: MetaGraphDef) -> Iterator[NodeDef]:
    yield from meta.graph_def.node
    for function in meta.graph_def.library.function:
        yield from function.node_def


def _reaching(meta: MetaGraphDef, runs: Running) -> Iterator[str]:
    """Those that run and bring to or from files what is not the model's own."""
    # Of its node only this tensor is fed, as load_v1_in_v2 does.
    prefix = meta.saver_def.filename_tensor_name
    for node in runs.restoring.values():
        own = node.op == "RestoreV2" and node.input and tensor_of(node.input[0]) == prefix
        if node.op in _TO_FILES and not own:
            yield node.op
    for node in runs.main.values():
        if node.op in _TO_FILES:
            yield node.op
    called = called_in(runs)
    for function in runs.functions.values():
        for node in function.node_def:
            own = node.op in VOCABULARY and reads_asset(meta, function, node, called)
            if node.op in _TO_FILES and not own:
                yield node.op
