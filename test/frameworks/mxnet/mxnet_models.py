"""Real MXNet models for the tests of both environments."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import mxnet as mx
import numpy as np
from runtime_requests import artifact_of, input_of

ZOO = Path(__file__).resolve().parents[2] / "zoo" / "mxnet.py"
LENGTH = 64


def write_zoo(folder: Path, *names: str) -> Path:
    """Writes the nets by the zoo's own command."""
    subprocess.run([sys.executable, str(ZOO), str(folder), *names], check=True)
    return folder


def inputs_of(name: str, batch: int) -> list[dict]:
    """The input specs of a net of the zoo."""
    if name == "bert":
        ids = input_of("data0", "int64", [batch, LENGTH], "range", low=0, high=2000)
        return [ids, input_of("data1", "int64", [batch, LENGTH], "range", low=0, high=2)]
    size = 32 if name == "small" else 224
    return [input_of("data", "float32", [batch, 3, size, size])]


def artifact(folder: Path, name: str = "model") -> dict:
    """A model's two files, whichever of them is there, under the names that a runner gives them."""
    files = [folder / f"{name}-symbol.json", folder / f"{name}-0000.params"]
    found = artifact_of(*(path for path in files if path.exists()), entry="model-symbol.json")
    for each in found["files"]:
        each["path"] = each["path"].replace(f"{name}-", "model-")
    return found


def write(folder: Path, symbol: mx.sym.Symbol | str, params: dict[str, np.ndarray]) -> dict:
    """The artifact of a symbol, or of a symbol file's text, with parameters by names as `arg:x`."""
    folder.mkdir(parents=True, exist_ok=True)
    text = symbol if isinstance(symbol, str) else symbol.tojson()
    (folder / "model-symbol.json").write_text(text)
    arrays = {name: mx.nd.array(each, dtype=each.dtype) for name, each in params.items()}
    mx.nd.save(str(folder / "model-0000.params"), arrays)
    return artifact(folder)


def values(*shape: int, seed: int = 1, dtype: str = "float32") -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def dense(
    data: mx.sym.Symbol | None = None, name: str = "dense", inputs: int = 4
) -> tuple[mx.sym.Symbol, dict[str, np.ndarray]]:
    """A layer of three units, and its parameters."""
    data = mx.sym.var("data") if data is None else data
    symbol = mx.sym.FullyConnected(data, num_hidden=3, name=name)
    params = {f"arg:{name}_weight": values(3, inputs), f"arg:{name}_bias": values(3, seed=2)}
    return symbol, params
