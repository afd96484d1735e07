"""Links compiled objects to a shared library, for any architecture on any other."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from importlib.resources import files

from ayci_runtime.errors import ConversionFailed, one_line

# What cannot be resolved is found as the library is loaded, not as it runs.
_OPTIONS = ("-shared", "-z", "now", "-z", "noexecstack", "--strip-all", "--build-id=none")


def link(target: str, objects: Sequence[str], **_: object) -> None:
    """Writes `target`, as TVM's `fcompile`. It is LLVM's linker, as Zig brings it: no libraries.

    What stays undefined is of TVM's runtime and of libm, which the process has that loads it.
    Raises ConversionFailed that tells what the linker said.
    """
    linker = [str(files("ziglang") / "zig"), "ld.lld"]
    done = subprocess.run(  # noqa: S603
        [*linker, *_OPTIONS, "-o", target, *objects], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ConversionFailed(one_line(f"linking failed ({done.returncode}): {done.stderr}"))
