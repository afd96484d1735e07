"""AYCI's timed blocks against a bare onnxruntime loop, ABBA in one process: fidelity.py RUNTIMES MODEL SECONDS SEED

Both load the model by their own means, have the same inputs, options and threads, and take turns of 20 ms, so that what
the machine does falls on both. Prints JSON: median log ratio (AYCI / bare) by each clock, and the CPU ms of an inference.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from statistics import median
from time import perf_counter_ns, process_time_ns

RUNTIMES = Path(sys.argv[1])
sys.path[:0] = [str(RUNTIMES / "common"), str(RUNTIMES / "onnx")]
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402
import onnxruntime as ort  # noqa: E402
from adapter import OnnxAdapter  # noqa: E402
from ayci_runtime.tensors import Tensor  # noqa: E402
from ayci_runtime.timing import block, quiet  # noqa: E402
from math import log  # noqa: E402

BLOCK_NS = 20_000_000


def bare_session(path: str) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def bare_block(session: ort.InferenceSession, feed: dict, count: int) -> tuple[float, float]:
    session.run(None, feed)
    cpu = process_time_ns()
    wall = perf_counter_ns()
    for _ in range(count):
        session.run(None, feed)
    return (perf_counter_ns() - wall) / count, (process_time_ns() - cpu) / count


def main(path: str, seconds: float, seed: int) -> None:
    made: dict[str, object] = {}
    loads = {
        "ayci": lambda: OnnxAdapter().load(Path(path), "onnx", 1),
        "bare": lambda: bare_session(path),
    }
    for name in ("ayci", "bare") if seed % 2 else ("bare", "ayci"):
        made[name] = loads[name]()
    bare = made["bare"]
    shape = [dim if isinstance(dim, int) else 1 for dim in bare.get_inputs()[0].shape]
    name = bare.get_inputs()[0].name
    values = np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
    run = made["ayci"].bind([Tensor(name, "float32", values)])
    feed = {name: values}
    for _ in range(5):
        run()
        bare.run(None, feed)
    begin = perf_counter_ns()
    bare.run(None, feed)
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
                    wall, cpu = bare_block(bare, feed, count)
                sums["wall"] += log(wall) if ours else -log(wall)
                sums["cpu"] += log(cpu) if ours else -log(cpu)
            for clock, total in sums.items():
                logs[clock].append(total / 2)
    print(json.dumps({"wall": median(logs["wall"]), "cpu": median(logs["cpu"]), "ms": median(times)}))


main(sys.argv[2], float(sys.argv[3]), int(sys.argv[4]))
