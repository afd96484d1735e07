"""Refuses a SavedModel whose graph does more than compute, before TensorFlow loads it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path, PurePosixPath

from assets import check_assets, is_fed_by_asset
from ayci_runtime.errors import InvalidModel
from operators import SAVING, VOCABULARY, reason_against
from reached import is_object_graph, node_of, running
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

_SHOWN = 5
