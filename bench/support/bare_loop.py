"""A bare onnxruntime loop, as somebody would write it: python bare_loop.py SECONDS SEED MODEL [MODEL]

Prints JSON: the mean CPU and wall ms of an inference of each model. Two models take turns of 20 ms, so that both see
the same machine; each is warmed up before its turn is counted. Options, threads and inputs are those of the runtime.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import onnxruntime as ort


def session(path: str) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def feed(made: ort.InferenceSession, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    sizes = {"batch": 1, "N": 1}
    return {
        each.name: rng.standard_normal(
            [dim if isinstance(dim, int) else sizes[dim] for dim in each.shape], dtype=np.float32
        )
        for each in made.get_inputs()
    }


def main(seconds: float, seed: int, paths: list[str]) -> None:
    sessions = [session(path) for path in paths]
    feeds = [feed(made, seed) for made in sessions]
    totals = [[0, 0, 0] for _ in sessions]
    for made, inputs in zip(sessions, feeds, strict=True):
        for _ in range(3):
            made.run(None, inputs)
    end = time.perf_counter_ns() + round(seconds * 1e9)
    while time.perf_counter_ns() < end:
        for made, inputs, total in zip(sessions, feeds, totals, strict=True):
            run = made.run
            run(None, inputs)
            count = 0
            cpu = time.process_time_ns()
            start = now = time.perf_counter_ns()
            while now - start < 20_000_000 or count == 0:
                run(None, inputs)
                count += 1
                now = time.perf_counter_ns()
            total[0] += now - start
            total[1] += time.process_time_ns() - cpu
            total[2] += count
    print(json.dumps([{"wallMs": w / n / 1e6, "cpuMs": c / n / 1e6} for w, c, n in totals]))


main(float(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
