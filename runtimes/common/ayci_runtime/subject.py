"""One subject of a measurement: fetched, loaded, fed, run once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter_ns
from typing import Any

from .adapter import Adapter, LoadedModel
from .errors import InferenceFailed, InvalidModel, failing_as
from .fetch import fetch_artifact
from .inputs import check_signature, make_inputs
from .tensors import Tensor, fingerprint
from .timing import Stretch

MS = 1_000_000


@dataclass
class Running:
    """A subject that has answered once. Times in ns; `pace_ns`: what its last inference took."""

    spec: dict[str, Any]
    folder: Path
    model: LoadedModel
    feeds: Sequence[Tensor]
    run: Callable[[], object]
    outputs: list[Tensor]
    fetch_ns: int
    load_ns: int
    first_ns: int
    pace_ns: int
    peak: float | None = None
    stretch: Stretch = field(default_factory=lambda: Stretch(0, 0, [], False))

    @property
    def role(self) -> str:
        """'candidate' or 'baseline'."""
        return self.spec["role"]

    @property
    def again_ns(self) -> int:
        """What it may take to bring up and run twice its unconverted model, which is slower."""
        return 2 * (self.fetch_ns + self.load_ns + 2 * self.first_ns)


def start(
    adapter: Adapter,
    spec: dict[str, Any],
    optimizer: str,
    request: dict[str, Any],
    scratch: Path,
    feeds: Sequence[Tensor] | None = None,
) -> Running:
    """Brings one subject up to its first inference; `feeds`: its inputs where they exist already.

    Raises ArtifactMismatch, InvalidModel, InvalidInput, InferenceFailed, OutOfMemory.
    """
    begin = perf_counter_ns()
    path = fetch_artifact(spec["artifact"], scratch)
    fetched = perf_counter_ns()
    with failing_as(InvalidModel, path.parent, scratch):
        model = adapter.load(path, optimizer, request["threads"])
    loaded = perf_counter_ns()
    check_signature(spec["inputs"], model.inputs)
    feeds = feeds or make_inputs(spec["inputs"], request["seed"], scratch)
    with failing_as(InferenceFailed, path.parent, scratch):
        begun = perf_counter_ns()
        run = model.bind(feeds)
        before = perf_counter_ns()
        raw = run()
        first = perf_counter_ns() - before
        outputs = model.tensors(raw)
    # Some frameworks bring the weights to where they are used only once the shapes are known.
    times = (fetched - begin, loaded - fetched + before - begun, first, first)
    return Running(spec, path.parent, model, feeds, run, outputs, *times)


def warm_up(subject: Running, count: int, scratch: Path, end_ns: int) -> bool:
    """Runs `count` inferences, or False where the next one would not end before `end_ns`."""
    with failing_as(InferenceFailed, subject.folder, scratch):
        for _ in range(count):
            before = perf_counter_ns()
            if before + subject.pace_ns > end_ns:
                return False
            subject.run()
            subject.pace_ns = perf_counter_ns() - before
    return True


def described(subject: Running) -> dict[str, Any]:
    """The protocol's SubjectResponse, without its agreement."""
    stretch = subject.stretch
    return {
        "role": subject.role,
        "fetchMs": subject.fetch_ns / MS,
        "loadMs": subject.load_ns / MS,
        "firstMs": subject.first_ns / MS,
        "peakMb": subject.peak,
        "stretch": {
            "wallMs": stretch.wall / MS,
            "cpuMs": stretch.cpu / MS,
            "samplesMs": [sample / MS for sample in stretch.samples],
        },
        "outputs": [
            {"name": out.name, "dtype": out.dtype, "shape": list(out.array.shape)}
            for out in subject.outputs
        ],
        "fingerprint": fingerprint(subject.outputs),
        "agreement": None,
    }
