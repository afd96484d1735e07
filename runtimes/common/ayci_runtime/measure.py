"""The op 'measure': loads one or two subjects, times them, and compares what they answer."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import perf_counter_ns
from typing import Any

from . import timing
from .adapter import Adapter
from .compare import agreement, elements_differ, no_agreement
from .errors import InferenceFailed, RuntimeFailure, failing_as
from .fetch import fetch_artifact
from .memory import peak_mb
from .outputs import in_order_of, read_outputs, varies
from .subject import MS, Running, described, start, warm_up
from .tensors import Tensor


@dataclass
class _Reference:
    """What is left of a subject when its session is gone, to compare with its reference."""

    spec: dict[str, Any]
    outputs: list[Tensor]
    again_ns: int


class Measurement:
    """One measure request, already checked. `end_ns`: no inference starts that would end later."""

    def __init__(
        self, adapter: Adapter, request: dict[str, Any], scratch: Path, end_ns: int
    ) -> None:
        self.adapter = adapter
        self.request = request
        self.scratch = scratch
        self.end_ns = end_ns
        self.truncated = False

    def answer(self) -> dict[str, Any]:
        """The measured part of MeasureResponse: subjects, blocks, change, truncated.

        Raises the errors of `subject.start`; a reference's become its agreement's problem.
        """
        running: list[Running] = []
        for spec in self.request["subjects"]:
            self._bring_up(spec, running)
        blocks = self._time(running)
        change = self._change(running)
        subjects = [described(each) for each in running]
        references = [_Reference(each.spec, each.outputs, each.again_ns) for each in running]
        # A reference loads into their room: two models at once may not fit.
        running.clear()
        gc.collect()
        for subject, reference in zip(subjects, references, strict=True):
            if "expected" in reference.spec:
                subject["agreement"] = self._as_expected(reference)
            elif "reference" in reference.spec:
                subject["agreement"] = self._agreement(reference)
        return {
            "subjects": subjects,
            "blocks": blocks,
            "change": change,
            "truncated": self.truncated,
        }

    def _bring_up(self, spec: dict[str, Any], running: list[Running]) -> None:
        """Adds the subject to `running`, warm, unless no time is left for a second one."""
        first = running[0] if running else None
        if first and perf_counter_ns() + first.load_ns + first.first_ns > self.end_ns:
            self.truncated = True
            return
        shared = first.feeds if first and first.spec["inputs"] == spec["inputs"] else None
        optimizer = self.request["optimizer"]
        made = start(self.adapter, spec, optimizer, self.request, self.scratch, shared)
        warmups = self.request["timing"]["warmups"]
        if not warm_up(made, warmups, self.scratch, self.end_ns):
            self.truncated = True
        # The second subject's peak would hold the first one as well.
        made.peak = peak_mb() if first is None else None
        running.append(made)

    def _time(self, running: list[Running]) -> list[dict[str, Any]]:
        """Times the stretches, kept in `running`, and the quads, returned as protocol's blocks."""
        plan = self.request["timing"]
        end_ns = self._timing_end(running)
        with (
            failing_as(InferenceFailed, *(each.folder for each in running), self.scratch),
            timing.quiet(),
        ):
            for each in running:
                stretch_ns = round(plan["stretchMs"] * MS)
                each.stretch = timing.stretch(
                    each.run, stretch_ns, plan["stretchMin"], each.pace_ns, end_ns
                )
                each.pace_ns = (each.stretch.samples or [each.pace_ns])[-1]
            quads = timing.quads(
                {each.role: each.run for each in running},
                {each.role: each.pace_ns for each in running},
                round(plan["blockMs"] * MS),
                plan["minQuads"],
                round(plan["quadsMs"] * MS),
                end_ns,
                Random(f"{self.request['seed']}/quads"),  # noqa: S311
            )
        if not (quads.complete and all(each.stretch.complete for each in running)):
            self.truncated = True
        return [block.as_response() for block in quads.blocks]

    def _timing_end(self, running: list[Running]) -> int:
        """Where timing ends so that references still fit, at half of what is left at the least."""
        reserve = sum(each.again_ns for each in running if "reference" in each.spec)
        left = max(0, self.end_ns - perf_counter_ns())
        return self.end_ns - min(reserve, left // 2)

    def _change(self, running: list[Running]) -> dict[str, object] | None:
        """Candidate against baseline by their first outputs; the baseline says what varies."""
        if len(running) < 2:
            return None
        by_role = {each.role: each for each in running}
        baseline, candidate = by_role["baseline"], by_role["candidate"]
        return agreement(baseline.outputs, candidate.outputs, self._varies(baseline))

    def _varies(self, subject: Running) -> bool:
        """As `varies`; where no time is left, whether the elements within an output differ."""
        if perf_counter_ns() + subject.pace_ns >= self.end_ns:
            return elements_differ(subject.outputs)
        specs, seed = subject.spec["inputs"], self.request["seed"]
        return varies(subject.model, subject.outputs, specs, seed, self.scratch)

    def _as_expected(self, subject: _Reference) -> dict[str, object]:
        """A subject's first outputs against those that another runtime wrote."""
        try:
            expected = read_outputs(fetch_artifact(subject.spec["expected"], self.scratch))
            tensors = in_order_of(expected.tensors, subject.outputs)
            return agreement(tensors, subject.outputs, expected.varies)
        except RuntimeFailure as error:
            return no_agreement(f"the unconverted model: {type(error).__name__}: {error}"[:500])
        except MemoryError:
            return no_agreement("the unconverted model: OutOfMemory")

    def _agreement(self, subject: _Reference) -> dict[str, object]:
        """A subject's first outputs against those of its unconverted model."""
        if perf_counter_ns() + subject.again_ns > self.end_ns:
            return no_agreement("the deadline left no time for the unconverted model")
        spec = {**subject.spec, "artifact": subject.spec["reference"]}
        try:
            reference = start(self.adapter, spec, "vanilla", self.request, self.scratch)
            return agreement(reference.outputs, subject.outputs, self._varies(reference))
        except RuntimeFailure as error:
            return no_agreement(f"the unconverted model: {type(error).__name__}: {error}"[:500])
        except MemoryError:
            return no_agreement("the unconverted model: OutOfMemory")
