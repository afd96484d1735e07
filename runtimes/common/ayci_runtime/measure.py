"""One `measure` request: load and time its subjects, then compare their outputs."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import perf_counter_ns
from typing import Any

from .adapter import Adapter, LoadedModel
from .compare import agreement, differ, elements_differ, no_agreement
from .errors import InferenceFailed, InvalidModel, OutOfMemory, RuntimeFailure, failing_as
from .fetch import fetch_artifact
from .inputs import check_signature, is_random, make_inputs
from .memory import peak_mb, reset_peak
from .tensors import Tensor, fingerprint
from .timing import Block, Stretch, quads, quiet, stretch

NS = 1_000_000  # a ms
# The reference runs unoptimized and is loaded anew: so many times what the subject took.
REFERENCE_FACTOR = 4


@dataclass
class Loaded:
    """A subject that has run once. `model` and `call` go when the timing is over."""

    subject: dict[str, Any]
    model: LoadedModel | None
    call: Callable[[], object] | None
    inputs: list[Tensor]
    outputs: list[Tensor]
    fetch_ns: int
    load_ns: int
    first_ns: int
    peak_mb: float | None = None
    stretch: Stretch | None = None

    @property
    def role(self) -> str:
        """`candidate` or `baseline`."""
        return self.subject["role"]


def measure(adapter: Adapter, request: dict[str, Any], end_ns: int, scratch: Path) -> dict[str, Any]:
    """The response's `subjects`, `blocks`, `change` and `truncated`; raises RuntimeFailure."""
    reset_peak()
    loaded: list[Loaded] = []
    complete = True
    for subject in request["subjects"]:
        one = _load(adapter, request, subject, scratch)
        loaded.append(one)
        with quiet(), failing_as(InferenceFailed):
            warm = stretch(one.call, 0, request["timing"]["warmups"], one.first_ns, end_ns)
            complete &= warm.complete
        if len(loaded) == 1:
            one.peak_mb = peak_mb()
    blocks, timed = _time(loaded, request, end_ns - _reserve(loaded))
    change = _change(loaded, request, end_ns, scratch)
    for one in loaded:
        one.model = one.call = None
    gc.collect()
    return {
        "subjects": [_response(one, adapter, request, end_ns, scratch) for one in loaded],
        "blocks": [_block(block) for block in blocks],
        "change": change,
        "truncated": not (complete and timed),
    }


def _load(adapter: Adapter, request: dict[str, Any], subject: dict[str, Any], scratch: Path) -> Loaded:
    begin = perf_counter_ns()
    path = fetch_artifact(subject["artifact"], scratch)
    fetched = perf_counter_ns()
    with failing_as(InvalidModel, scratch, path.parent):
        model = adapter.load(path, request["optimizer"], request["threads"])
    ready = perf_counter_ns()
    check_signature(subject["inputs"], model.inputs)
    inputs = make_inputs(subject["inputs"], request["seed"], scratch)
    call = model.bind(inputs)
    with failing_as(InferenceFailed, scratch):
        start = perf_counter_ns()
        raw = call()
        first = perf_counter_ns() - start
        outputs = model.tensors(raw)
    return Loaded(subject, model, call, inputs, outputs, fetched - begin, ready - fetched, first)


def _reserve(loaded: Sequence[Loaded]) -> int:
    with_reference = [one for one in loaded if "reference" in one.subject]
    return sum(REFERENCE_FACTOR * (one.load_ns + 2 * one.first_ns) for one in with_reference)


def _time(loaded: list[Loaded], request: dict[str, Any], end_ns: int) -> tuple[list[Block], bool]:
    timing = request["timing"]
    calls = {one.role: one.call for one in loaded}
    paces = {one.role: one.first_ns for one in loaded}
    complete = True
    with quiet(), failing_as(InferenceFailed):
        for one in loaded:
            one.stretch = stretch(
                one.call, round(timing["stretchMs"] * NS), timing["stretchMin"], one.first_ns, end_ns
            )
            complete &= one.stretch.complete
            if one.stretch.samples:
                paces[one.role] = max(one.stretch.samples)
        done = quads(
            calls,
            paces,
            round(timing["blockMs"] * NS),
            timing["minQuads"],
            round(timing["quadsMs"] * NS),
            end_ns,
            Random(request["seed"]),
        )
    return done.blocks, complete and done.complete


def _block(block: Block) -> dict[str, Any]:
    return {
        "role": block.role,
        "count": block.count,
        "wallMs": block.wall / block.count / NS,
        "cpuMs": block.cpu / block.count / NS,
    }


def _varies(model: LoadedModel, one: Loaded, outputs: list[Tensor], request: dict[str, Any], scratch: Path) -> bool:
    """Whether other input values give other outputs; where no input is random, whether the

    elements of an output differ among themselves, which is weaker but all there is.
    """
    specs = one.subject["inputs"]
    if not any(is_random(spec) for spec in specs):
        return elements_differ(outputs)
    other = make_inputs(specs, request["seed"] + 1, scratch)
    return differ(outputs, model.tensors(model.bind(other)()))


def _change(loaded: list[Loaded], request: dict[str, Any], end_ns: int, scratch: Path) -> dict[str, Any] | None:
    by_role = {one.role: one for one in loaded}
    if len(by_role) < 2:
        return None
    candidate, baseline = by_role["candidate"], by_role["baseline"]
    if perf_counter_ns() + baseline.first_ns > end_ns or baseline.model is None:
        return no_agreement("no time was left to compare outputs")
    try:
        varies = _varies(baseline.model, baseline, baseline.outputs, request, scratch)
    except Exception:
        # Other values than those asked for may be ones that the model refuses.
        varies = elements_differ(baseline.outputs)
    return agreement(baseline.outputs, candidate.outputs, varies)


def _reference(one: Loaded, adapter: Adapter, request: dict[str, Any], end_ns: int, scratch: Path) -> dict[str, Any] | None:
    """How the converted model's outputs agree with the unconverted one's, after all timing."""
    if "reference" not in one.subject:
        return None
    if perf_counter_ns() + REFERENCE_FACTOR * (one.load_ns + one.first_ns) > end_ns:
        return no_agreement("no time was left for the reference")
    try:
        path = fetch_artifact(one.subject["reference"], scratch)
        with failing_as(InferenceFailed, scratch, path.parent):
            model = adapter.load(path, "vanilla", request["threads"])
            outputs = model.tensors(model.bind(one.inputs)())
            varies = _varies(model, one, outputs, request, scratch)
        return agreement(outputs, one.outputs, varies)
    except (MemoryError, OutOfMemory):
        return no_agreement("no memory was left for the reference")
    except RuntimeFailure as error:
        return no_agreement(f"the reference did not run: {error}"[:500])


def _response(one: Loaded, adapter: Adapter, request: dict[str, Any], end_ns: int, scratch: Path) -> dict[str, Any]:
    timed = one.stretch
    return {
        "role": one.role,
        "fetchMs": one.fetch_ns / NS,
        "loadMs": one.load_ns / NS,
        "firstMs": one.first_ns / NS,
        "peakMb": one.peak_mb,
        "stretch": {
            "wallMs": timed.wall / NS if timed else 0,
            "cpuMs": timed.cpu / NS if timed else 0,
            "samplesMs": [sample / NS for sample in timed.samples] if timed else [],
        },
        "outputs": [
            {"name": each.name, "dtype": each.dtype, "shape": list(each.array.shape)}
            for each in one.outputs
        ],
        "fingerprint": fingerprint(one.outputs),
        "agreement": _reference(one, adapter, request, end_ns, scratch),
    }
