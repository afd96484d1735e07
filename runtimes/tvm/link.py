"""Links compiled objects to a shared library, for any architecture on any other."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Sequence
from importlib.resources import files

from ayci_runtime.errors import (
    ConversionFailed,
    OutOfMemory,
    RuntimeFailure,
    is_out_of_memory,
    one_line,
)

# What cannot be resolved is found as the library is loaded, not as it runs.
_OPTIONS = ("-shared", "-z", "now", "-z", "noexecstack", "--strip-all", "--threads=1")


def linker(triple: str) -> Callable[..., None]:
    """What writes a library of objects for `triple`, as TVM's `fcompile`.

    It is LLVM's linker, as Zig brings it, and takes no libraries: what stays undefined is of TVM's
    runtime and of libm, which the process has that loads it.
    """

    def link(target: str, objects: Sequence[str], **_: object) -> None:
        """Raises ConversionFailed that tells what the linker said, or OutOfMemory."""
        command = [str(files("ziglang") / "zig"), "ld.lld", *_OPTIONS, "-o", target, *objects]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode != 0:
            raise _failure(done.returncode, done.stderr)

    # TVM asks for it where a model has no code of its own; else it would write C.
    link.get_target_triple = lambda: triple
    return link


def _failure(code: int, told: str) -> RuntimeFailure:
    killed = code == -signal.SIGKILL
    kind = OutOfMemory if killed or is_out_of_memory(ValueError(told)) else ConversionFailed
    return kind(one_line(f"linking failed ({code}): {told}"))
