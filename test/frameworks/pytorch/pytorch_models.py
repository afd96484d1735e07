"""Real PyTorch models, and archives changed by hand, for the tests of both environments."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from runtime_requests import input_of

ZOO = Path(__file__).resolve().parents[2] / "zoo" / "pytorch.py"
LENGTH = 64


def write_zoo(folder: Path, *names: str) -> Path:
    """Writes the nets by the zoo's own command."""
    subprocess.run([sys.executable, str(ZOO), str(folder), *names], check=True)
    return folder


def inputs_of(name: str, batch: int) -> list[dict]:
    """The input specs of a net of the zoo."""
    if name == "bert":
        ids = input_of("input_ids", "int64", [batch, LENGTH], "range", low=0, high=2000)
        return [ids, input_of("attention_mask", "int64", [batch, LENGTH], "ones")]
    size = 32 if name == "small" else 224
    return [input_of("image", "float32", [batch, 3, size, size])]


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def changed(source: Path, target: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """An archive like `source`, after `change` of its members (names without the root folder)."""
    found = {name.partition("/")[2]: data for name, data in members(source).items()}
    change(found)
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in found.items():
            archive.writestr(f"model/{name}", data)
    return target
