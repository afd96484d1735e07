"""Graph optimization ahead of time."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter_ns

from session import open_session, options

from ayci_runtime.adapter import Conversion
from ayci_runtime.errors import ConversionFailed, OutOfMemory, RuntimeFailure

# A protobuf ends at 2 GiB; folded constants can make the graph larger than the model was.
ONE_FILE_BYTES = 3 << 29
EXTERNAL_FROM_BYTES = 1024


def optimize(path: Path, target: Path, one_file_bytes: int = ONE_FILE_BYTES) -> Conversion:
    """Writes the model, optimized as far as any host can run it, to `target`.

    The level is "extended": what "all" adds is blocked layouts of this host's vector width, and
    loading at "all" adds them in a few ms. Weights go to `<target>.data` where the files beside
    `path` come to more than `one_file_bytes`. Raises InvalidModel, ConversionFailed, OutOfMemory.
    """
    size = sum(file.stat().st_size for file in path.parent.iterdir() if file.is_file())
    started = perf_counter_ns()
    try:
        _write(path, target, external=size > one_file_bytes)
    except OutOfMemory:
        raise
    except RuntimeFailure as error:
        open_session(path, options("none", 1))  # a model that does not load at all is invalid
        raise ConversionFailed(str(error)) from None
    return Conversion((perf_counter_ns() - started) / 1e6, None)


def _write(path: Path, target: Path, external: bool) -> None:
    made = options("extended", 1)
    made.optimized_model_filepath = str(target)
    if external:
        key = "session.optimized_model_external_initializers_"
        made.add_session_config_entry(f"{key}file_name", f"{target.name}.data")
        made.add_session_config_entry(f"{key}min_size_in_bytes", str(EXTERNAL_FROM_BYTES))
    open_session(path, made)
