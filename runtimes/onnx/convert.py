"""Writes the optimized graph of an ONNX model, as ONNX Runtime makes it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter_ns

from ayci_runtime.adapter import Conversion
from session import Level, options, session

# A protobuf message ends at 2 GiB, and constant folding may make a model larger than it was.
INLINE_BYTES = 1 << 30
# Smaller initializers stay in the graph, where ONNX Runtime's shape inference reads them.
EXTERNAL_LEAST = 1024


def is_external(sizes: Sequence[int]) -> bool:
    """Whether the weights of a model with files of these sizes (bytes) go to a file of their own.

    Those of a model that is several files must: written inline, ONNX Runtime leaves references to
    files that do not come along.
    """
    return len(sizes) > 1 or sum(sizes) > INLINE_BYTES


def write_optimized(path: Path, target: Path, external: bool) -> Conversion:
    """Optimizes `path` at ORT_ENABLE_EXTENDED and writes it to `target`.

    That level binds the graph to no CPU (ORT_ENABLE_ALL writes NCHWc for the host's vector width);
    loading it at ORT_ENABLE_ALL does the rest. `external`: weights go to `<target>.data`. The time
    includes loading and writing. Raises what ONNX Runtime raises.
    """
    made = options(Level.ORT_ENABLE_EXTENDED, 1)
    made.optimized_model_filepath = str(target)
    if external:
        prefix = "session.optimized_model_external_initializers_"
        made.add_session_config_entry(f"{prefix}file_name", f"{target.name}.data")
        made.add_session_config_entry(f"{prefix}min_size_in_bytes", str(EXTERNAL_LEAST))
    begin = perf_counter_ns()
    session(path, made)
    return Conversion(target.name, (perf_counter_ns() - begin) / 1e6, None)
