"""One `measure` request: load and time its subjects, then compare their outputs."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter_ns
from typing import Any

from ayci_runtime.adapter import Adapter, Session
from ayci_runtime.compare import agreement, differ, no_agreement, spread
from ayci_runtime.errors import InferenceFailed, OutOfMemory, RuntimeFailure, typed
from ayci_runtime.fetch import Fetcher, fetching
from ayci_runtime.inputs import check_feed, make_feed, other_feed
from ayci_runtime.memory import peak_mb, reset_peak
from ayci_runtime.request import Artifact, MeasureRequest, Subject
from ayci_runtime.tensors import Tensor, describe, fingerprint
from ayci_runtime.timing import (
    NS_PER_MS,
    Block,
    Deadline,
    Run,
    no_garbage_collection,
    quads,
    stretch,
    warm_up,
)

# A reference is loaded and run twice, unoptimized: so many times what the subject took.
REFERENCE_FACTOR = 4


@dataclass
class Loaded:
    """A subject that has run once. `session` and `run` go when the timing is over."""

    subject: Subject
    session: Session | None
    run: Run | None
    feed: dict[str, Tensor]
    outputs: list[Tensor]
    fetch_ns: int
    load_ns: int
    first_ns: int
    peak_mb: float | None = None
    stretch: dict | None = None


def measure(adapter: Adapter, request: MeasureRequest, deadline: Deadline) -> dict:
    """The response's `subjects`, `blocks`, `change` and `truncated`; raises RuntimeFailure."""
    reset_peak()
    with fetching() as fetcher:
        loaded, whole = _load_all(adapter, request, deadline, fetcher)
        reserve = sum(
            REFERENCE_FACTOR * (one.load_ns + 2 * one.first_ns)
            for one in loaded
            if one.subject.reference
        )
        blocks, timed = _time(loaded, request, deadline.earlier(reserve))
        change = _change(loaded, request, deadline, fetcher)
        for one in loaded:
            one.session = one.run = None
        gc.collect()
        subjects = [_response(one, adapter, request, deadline, fetcher) for one in loaded]
    return {
        "subjects": subjects,
        "blocks": [block.as_response() for block in blocks],
        "change": change,
        "truncated": not (whole and timed),
    }


def _load_all(
    adapter: Adapter, request: MeasureRequest, deadline: Deadline, fetcher: Fetcher
) -> tuple[list[Loaded], bool]:
    loaded: list[Loaded] = []
    whole = True
    for subject in request.subjects:
        # The second takes about as long as the first: better one result than a time-out of both.
        if loaded and not deadline.allows(loaded[0].load_ns + loaded[0].first_ns):
            return loaded, False
        one = _load(adapter, subject, request, loaded, fetcher)
        with no_garbage_collection():
            whole &= warm_up(one.run, request.timing.warmups, deadline, one.first_ns)
        if not loaded:
            one.peak_mb = peak_mb()
        loaded.append(one)
    return loaded, whole


def _load(
    adapter: Adapter,
    subject: Subject,
    request: MeasureRequest,
    before: Sequence[Loaded],
    fetcher: Fetcher,
) -> Loaded:
    begin = perf_counter_ns()
    path = fetcher.artifact(subject.artifact)
    fetched = perf_counter_ns()
    session = adapter.load(path, request.optimizer, request.threads)
    ready = perf_counter_ns()
    same = next((one for one in before if one.subject.inputs == subject.inputs), None)
    feed = same.feed if same else make_feed(subject.inputs, request.seed, fetcher)
    check_feed(feed, session.inputs)
    run = session.bind(feed)
    first = perf_counter_ns()
    try:
        raw = run()
    except Exception as error:
        raise typed(error, InferenceFailed, subject.role) from error
    first_ns = perf_counter_ns() - first
    outputs = session.outputs(raw)
    return Loaded(
        subject, session, run, feed, outputs, fetched - begin, ready - fetched, first_ns
    )


def _time(
    loaded: list[Loaded], request: MeasureRequest, deadline: Deadline
) -> tuple[list[Block], bool]:
    timing = request.timing
    whole = True
    runs = {one.subject.role: one.run for one in loaded if one.run}
    with no_garbage_collection():
        try:
            for one in loaded:
                one.stretch, ended = stretch(
                    one.run, timing.stretch_ms, timing.stretch_min, deadline, one.first_ns
                )
                whole &= ended
            usual = [
                one.stretch["wallMs"] * NS_PER_MS / max(1, len(one.stretch["samplesMs"]))
                for one in loaded
            ]
            expected = 4 * max(max(usual), timing.block_ms * NS_PER_MS)
            blocks, ended = quads(
                runs,
                request.seed,
                timing.block_ms,
                timing.min_quads,
                timing.quads_ms,
                deadline,
                expected,
            )
        except Exception as error:
            raise typed(error, InferenceFailed, "timing") from error
    return blocks, whole and ended


def _change(
    loaded: list[Loaded], request: MeasureRequest, deadline: Deadline, fetcher: Fetcher
) -> dict | None:
    if len(loaded) < 2:
        return None
    by_role = {one.subject.role: one for one in loaded}
    candidate, baseline = by_role["candidate"], by_role["baseline"]
    varies = _varies(
        baseline.session,
        baseline.outputs,
        baseline,
        request.seed,
        deadline.allows(baseline.first_ns),
        fetcher,
    )
    return agreement(candidate.outputs, baseline.outputs, varies)


def _varies(
    session: Session,
    outputs: list[Tensor],
    one: Loaded,
    seed: int,
    in_time: bool,
    fetcher: Fetcher,
) -> bool:
    other = other_feed(one.subject.inputs, one.feed, seed, fetcher) if in_time else None
    if other is not None:
        try:
            return differ(session.outputs(session.bind(other)()), outputs)
        except Exception:  # other values than the user's may be ones that the model refuses
            pass
    return spread(outputs)


def _response(
    one: Loaded, adapter: Adapter, request: MeasureRequest, deadline: Deadline, fetcher: Fetcher
) -> dict[str, Any]:
    reference = one.subject.reference
    return {
        "role": one.subject.role,
        "fetchMs": one.fetch_ns / NS_PER_MS,
        "loadMs": one.load_ns / NS_PER_MS,
        "firstMs": one.first_ns / NS_PER_MS,
        "peakMb": one.peak_mb,
        "stretch": one.stretch,
        "outputs": describe(one.outputs),
        "fingerprint": fingerprint(one.outputs),
        "agreement": reference and _agreement(one, reference, adapter, request, deadline, fetcher),
    }


def _agreement(
    one: Loaded,
    reference: Artifact,
    adapter: Adapter,
    request: MeasureRequest,
    deadline: Deadline,
    fetcher: Fetcher,
) -> dict:
    if not deadline.allows(one.load_ns + one.first_ns):
        return no_agreement("no time was left for the reference")
    try:
        session = adapter.load(fetcher.artifact(reference), "vanilla", request.threads)
        check_feed(one.feed, session.inputs)
        try:
            outputs = session.outputs(session.bind(one.feed)())
        except Exception as error:
            raise typed(error, InferenceFailed, "reference") from error
        in_time = deadline.allows(one.first_ns)
        varies = _varies(session, outputs, one, request.seed, in_time, fetcher)
        return agreement(one.outputs, outputs, varies)
    except (MemoryError, OutOfMemory):
        return no_agreement("no memory was left for the reference")
    except RuntimeFailure as error:
        return no_agreement(f"the reference did not run: {error}")
