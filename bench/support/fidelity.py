"""AYCI's timed blocks against an engine's bare loop, ABBA in one process:

    python fidelity.py RUNTIMES ENGINE OPTIMIZER MODEL SECONDS SEED

Both load the model by their own means, have the same inputs, options and threads, and take turns of 20 ms, so that what
the machine does falls on both. Prints JSON: median log ratio (AYCI / bare) by each clock, and an inference's CPU ms.
"""

from __future__ import annotations

import importlib
import json
import sys
from math import log
from pathlib import Path
from statistics import median
from time import perf_counter_ns, process_time_ns

RUNTIMES, ENGINE, OPTIMIZER, MODEL, SECONDS, SEED = sys.argv[1:]
sys.path[:0] = [str(Path(RUNTIMES) / "common"), str(Path(RUNTIMES) / ENGINE)]

# The engine's own settings, before its import.
handler = importlib.import_module("app").handler

from ayci_runtime.adapter import Adapter
from ayci_runtime.inputs import make_inputs
from ayci_runtime.timing import block, quiet
from bare_engines import BARE

BLOCK_NS = 20_000_000


def adapter() -> Adapter:
    made = importlib.import_module("adapter")
    kinds = [
        each for each in vars(made).values() if isinstance(each, type) and issubclass(each, Adapter)
    ]
    return next(each for each in kinds if each is not Adapter)()


def bare_block(run, count: int) -> tuple[float, float]:
    run()
    cpu = process_time_ns()
    wall = perf_counter_ns()
    for _ in range(count):
        run()
    return (perf_counter_ns() - wall) / count, (process_time_ns() - cpu) / count


def specs(model) -> list[dict]:
    """Inputs of batch 1; unknown sizes are 224 for images and 64 for tokens."""
    made = []
    for each in model.inputs:
        dims = each.dims or (1, 3, 224, 224)
        sizes = [
            dim if isinstance(dim, int) else 1 if at == 0 else 64 for at, dim in enumerate(dims)
        ]
        dtype = each.dtype or "float32"
        fill = (
            {"kind": "normal"}
            if dtype.startswith("float")
            else {"kind": "range", "low": 0, "high": 2}
        )
        made.append({"name": each.name, "dtype": dtype, "shape": sizes, "fill": fill})
    return made


def main(path: Path, seconds: float, seed: int) -> None:
    model = adapter().load(path, OPTIMIZER, 1)
    feeds = make_inputs(specs(model), seed, path.parent)
    values = {each.name: each.array for each in feeds}
    makes = {"ayci": lambda: model.bind(feeds), "bare": lambda: BARE[ENGINE](path, values)}
    runs = {name: makes[name]() for name in (("ayci", "bare") if seed % 2 else ("bare", "ayci"))}
    run, bare = runs["ayci"], runs["bare"]
    for _ in range(5):
        run()
        bare()
    begin = perf_counter_ns()
    bare()
    count = max(1, BLOCK_NS // (perf_counter_ns() - begin))
    logs: dict[str, list[float]] = {"wall": [], "cpu": []}
    times: list[float] = []
    end = perf_counter_ns() + round(seconds * 1e9)
    turn = seed
    with quiet():
        while perf_counter_ns() < end:
            turn += 1
            sums = {"wall": 0.0, "cpu": 0.0}
            for ours in (True, False, False, True) if turn % 2 else (False, True, True, False):
                if ours:
                    done = block("candidate", run, BLOCK_NS)
                    wall, cpu = done.wall / done.count, done.cpu / done.count
                    times.append(cpu / 1e6)
                else:
                    wall, cpu = bare_block(bare, count)
                sums["wall"] += log(wall) if ours else -log(wall)
                sums["cpu"] += log(cpu) if ours else -log(cpu)
            for clock, total in sums.items():
                logs[clock].append(total / 2)
    print(
        json.dumps({"wall": median(logs["wall"]), "cpu": median(logs["cpu"]), "ms": median(times)})
    )


main(Path(MODEL), float(SECONDS), int(SEED))
