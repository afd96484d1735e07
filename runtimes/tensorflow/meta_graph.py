"""Reads saved_model.pb, without running anything of it."""

from __future__ import annotations

from pathlib import Path

from ayci_runtime.errors import InvalidModel
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

SERVE = "serve"
# A protobuf message ends at 2 GiB.
MOST_BYTES = (1 << 31) - 1


def read_meta_graph(path: Path) -> tuple[SavedModel, MetaGraphDef]:
    """The whole message, and the one of its graphs that is served: tagged so, or the only one.

    Raises InvalidModel.
    """
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise InvalidModel(
            f"{path.name}: got {size} bytes; expected at most {MOST_BYTES}, where protobuf ends."
            " Keep weights in variables instead of constants"
        )
    saved = SavedModel()
    try:
        saved.ParseFromString(path.read_bytes())
    except DecodeError:
        raise InvalidModel(
            f"{path.name}: got no SavedModel; expected what TensorFlow saves"
        ) from None
    graphs = list(saved.meta_graphs)
    tagged = graphs if len(graphs) == 1 else [each for each in graphs if tags_of(each) == {SERVE}]
    if len(tagged) != 1:
        tags = ", ".join(sorted("+".join(sorted(tags_of(each))) or "none" for each in graphs))
        raise InvalidModel(
            f"{path.name}: got graphs tagged {tags[:200] or 'none'}; expected one tagged {SERVE}"
        )
    return saved, tagged[0]


def tags_of(meta: MetaGraphDef) -> set[str]:
    """What a graph is for."""
    return set(meta.meta_info_def.tags)
