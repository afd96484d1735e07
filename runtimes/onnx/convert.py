"""Graph optimization ahead of time."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter_ns

from session import open_session, options

from ayci_runtime.adapter import Conversion
from ayci_runtime.errors import InvalidModel, failing_as

NAME = "model.onnx"
DATA = "model.onnx.data"
# A protobuf ends at 2 GiB, and folded constants can make a graph larger than the model was.
ONE_FILE_BYTES = 3 << 29
EXTERNAL_FROM_BYTES = 1024


def optimize(path: Path, output: Path) -> Conversion:
    """Writes the model, optimized as far as any host can run it, into `output`.

    The level is "extended": what "all" adds is blocked layouts of one host's vector width, which
    loading at "all" adds in a few ms. Raises InvalidModel where the model loads at no level.
    """
    with failing_as(InvalidModel, path.parent):
        open_session(path, options("none", 1))
    made = options("extended", 1)
    made.optimized_model_filepath = str(output / NAME)
    if sum(file.stat().st_size for file in path.parent.iterdir() if file.is_file()) > ONE_FILE_BYTES:
        prefix = "session.optimized_model_external_initializers_"
        made.add_session_config_entry(f"{prefix}file_name", DATA)
        made.add_session_config_entry(f"{prefix}min_size_in_bytes", str(EXTERNAL_FROM_BYTES))
    started = perf_counter_ns()
    open_session(path, made)
    elapsed = (perf_counter_ns() - started) / 1e6
    files = (NAME, DATA) if (output / DATA).exists() else (NAME,)
    return Conversion(files, elapsed, None)
