"""The files that come with a SavedModel: none lies, or is read, outside of its folder."""

from __future__ import annotations

from collections.abc import Iterator, Set
from pathlib import Path, PurePosixPath

from ayci_runtime.errors import InvalidModel
from signature import CHOICE
from tensorflow.core.framework.function_pb2 import FunctionDef
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.protobuf.meta_graph_pb2 import AssetFileDef, MetaGraphDef

# What TensorFlow opens, beside saved_model.pb.
_OPENED = ("fingerprint.pb", "variables", "assets", "assets.extra", "debug", CHOICE)
_ASSETS = "saved_model_assets"


def check_paths(path: Path) -> None:
    """Raises InvalidModel unless all that TensorFlow may open are files of the model's folder.

    Links may lead to where saved_model.pb itself lies, and nowhere else.
    """
    home = path.resolve().parent
    for each in (path, *_files(path.parent)):
        real = each.resolve()
        if not real.is_file() or not real.is_relative_to(home):
            name = each.relative_to(path.parent).as_posix()
            raise InvalidModel(f"{name}: got a link out of the folder, or no file; expected a file")


def _files(folder: Path) -> Iterator[Path]:
    for name in _OPENED:
        top = folder / name
        if top.is_dir() and not top.is_symlink():
            # Folders that are links are found as what is no file.
            yield from (each for each in top.rglob("*") if each.is_symlink() or not each.is_dir())
        elif top.is_symlink() or top.exists():
            yield top


def check_assets(meta: MetaGraphDef) -> None:
    """Raises InvalidModel for an asset whose name leads out of the folder `assets`."""
    for name in _names(meta):
        path = PurePosixPath(name)
        if not name or "\0" in name or path.is_absolute() or ".." in path.parts:
            raise InvalidModel(
                f"asset: got {name[:100]!r}; expected a path in the folder assets, without '..'"
            )


def _names(meta: MetaGraphDef) -> Iterator[str]:
    yield from (each.filename for each in meta.asset_file_def)
    if _ASSETS not in meta.collection_def:
        return
    for packed in meta.collection_def[_ASSETS].any_list.value:
        asset = AssetFileDef()
        packed.Unpack(asset)
        yield asset.filename


def reads_asset(meta: MetaGraphDef, function: FunctionDef, node: NodeDef, called: Set[str]) -> bool:
    """Whether a table's initializer takes the name of its file from an asset, and nowhere else.

    So TensorFlow 2 saves it: the node stands in a function that nothing in the graph calls, and
    takes an argument of it that the object graph binds to an asset. `called`: names of functions
    that something calls.
    """
    name = function.signature.name
    objects = meta.object_graph_def
    if name in called or name not in objects.concrete_functions or len(node.input) < 2:
        return False
    arguments = [each.name for each in function.signature.input_arg]
    bound = objects.concrete_functions[name].bound_inputs
    # Bound arguments come last.
    captured = dict(zip(reversed(arguments), reversed(bound), strict=False))
    source = captured.get(node.input[1], len(objects.nodes))
    return source < len(objects.nodes) and objects.nodes[source].WhichOneof("kind") == "asset"
