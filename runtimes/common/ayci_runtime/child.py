"""Converts in a process of its own, whose death is an error like any other."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from . import errors
from .adapter import Adapter, Conversion, Wanted
from .convert import write
from .errors import (
    MAX_MESSAGE,
    ConversionFailed,
    OutOfMemory,
    RuntimeFailure,
    is_out_of_memory,
    one_line,
)

# From linux/prctl.h.
_PR_SET_PDEATHSIG = 1
_TAIL = 4096
_MAX_ANSWER = 1 << 16
_MAX_NAME = 255


def convert_in_child(
    adapter: Adapter, op: str, path: Path, wanted: Wanted, folder: Path, seconds: float
) -> Conversion:
    """As `write`, at most `seconds` long.

    Raises its errors; ConversionFailed where the child dies or takes longer, OutOfMemory where it
    is killed, as the kernel does where memory runs out, or says so.
    """
    home = wanted.scratch / "home"
    home.mkdir()
    # Without names: the model's code could put something else in their place.
    with TemporaryFile(dir=home) as answer, TemporaryFile(dir=home) as log:
        task = {
            "adapter": [type(adapter).__module__, type(adapter).__qualname__],
            "op": op,
            "path": str(path),
            "wanted": {**vars(wanted), "scratch": str(wanted.scratch)},
            "folder": str(folder),
            "answer": answer.fileno(),
        }
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            pass_fds=[answer.fileno()],
            cwd=home,
            env=_environment(home),
            # So that what it started itself ends with it.
            start_new_session=True,
        )
        try:
            process.communicate(json.dumps(task).encode(), timeout=seconds)
        except subprocess.TimeoutExpired:
            raise ConversionFailed(f"took longer than {seconds:.0f} s") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.wait()
        if process.returncode != 0:
            raise _death(process.returncode, _last_line(log, path.parent, wanted.scratch))
        return _answered(answer)


def _environment(home: Path) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if name != "AWS_LAMBDA_RUNTIME_API"},
        # What this process can import, and nothing of the folder that it starts in.
        "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
        **dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME"), str(home)),
    }


def _last_line(log: BinaryIO, *folders: Path) -> str:
    log.seek(max(0, log.seek(0, os.SEEK_END) - _TAIL))
    lines = log.read(_TAIL).decode(errors="replace").split("\n")
    written = [line for line in lines if line.strip()]
    return one_line(ValueError(written[-1]), *folders) if written else ""


def _death(code: int, last: str) -> RuntimeFailure:
    if code == -signal.SIGKILL:
        return OutOfMemory("the converter was killed, as happens where memory runs out")
    if code < 0:
        known = code in [-each for each in signal.Signals]
        how = f"by {signal.Signals(-code).name}" if known else f"by signal {-code}"
    else:
        how = f"with exit code {code}"
    kind = OutOfMemory if is_out_of_memory(ValueError(last)) else ConversionFailed
    told = f"the converter ended {how}" + (f": {last}" if last else "")
    return kind(told[:MAX_MESSAGE])


def _answered(file: BinaryIO) -> Conversion:
    """What the child wrote; it has had a model in it, so nothing of it is taken on trust."""
    file.seek(0)
    try:
        answer = json.loads(file.read(_MAX_ANSWER))
        if "errorType" in answer:
            kind = getattr(errors, answer["errorType"])
            if not issubclass(kind, RuntimeFailure):
                raise TypeError
            raise kind(one_line(ValueError(answer["errorMessage"])))
        times = (_milliseconds(answer["optimizeMs"]), _milliseconds(answer["compileMs"]))
        return Conversion(_name(answer["entry"]), *times, _notes(answer["notes"]))
    except RuntimeFailure:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ConversionFailed("the converter ended without an answer") from None


def _name(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_NAME:
        raise TypeError
    return value


def _notes(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise TypeError
    return tuple(value)


def _milliseconds(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    if not math.isfinite(value) or value < 0:
        raise ValueError
    return value


def _die_with_parent() -> None:
    """Nobody waits for a conversion whose runtime is gone."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _die_first() -> None:
    """Where memory runs out the kernel shall take this process, not the one that tells of it."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def main() -> None:
    """The child: a task on standard input, its answer to an open file."""
    _die_with_parent()
    _die_first()
    task = json.load(sys.stdin)
    module, name = task["adapter"]
    adapter = getattr(importlib.import_module(module), name)()
    wanted = Wanted(**{**task["wanted"], "scratch": Path(task["wanted"]["scratch"])})
    try:
        made = write(adapter, task["op"], Path(task["path"]), wanted, Path(task["folder"]))
        answer: dict[str, Any] = {
            "entry": made.entry,
            "optimizeMs": made.optimize_ms,
            "compileMs": made.compile_ms,
            "notes": list(made.notes),
        }
    except RuntimeFailure as error:
        answer = {"errorType": type(error).__name__, "errorMessage": str(error)}
    os.write(task["answer"], json.dumps(answer).encode())


if __name__ == "__main__":
    main()
