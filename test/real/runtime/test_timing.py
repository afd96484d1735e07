"""The timed loops, on calls that keep count of themselves."""

from __future__ import annotations

import gc
from random import Random
from time import perf_counter_ns, process_time_ns, sleep

import pytest
from ayci_runtime.deadline import deadline_ns
from ayci_runtime.timing import block, order_of, quads, quiet, stretch

FAR = 1 << 62


class Run:
    """A call that takes at least `seconds` (the first one `first`), without CPU time."""

    def __init__(self, seconds=0.0, first=None):
        self.seconds = seconds
        self.first = seconds if first is None else first
        self.calls = 0

    def __call__(self):
        self.calls += 1
        wait = self.seconds if self.calls > 1 else self.first
        if wait:
            sleep(wait)


def test_stretch_runs_the_least_number_and_the_least_time():
    run = Run()
    few = stretch(run, 0, 7, 0, FAR)
    assert len(few.samples) == 7 == run.calls and few.complete
    long = stretch(run, 5_000_000, 1, 0, FAR)
    assert long.wall >= 5_000_000 and sum(long.samples) == long.wall


def test_stretch_stops_where_the_next_would_be_late():
    run = Run(0.01)
    cut = stretch(run, FAR, 0, 0, perf_counter_ns() + 35_000_000)
    assert not cut.complete and 1 <= len(cut.samples) <= 3
    none = stretch(run, FAR, 0, FAR, FAR)
    assert not none.complete and none.samples == [] and none.wall == 0


def test_block_does_not_count_the_first_of_several():
    run = Run(0.002, first=0)
    several = block("candidate", run, 100_000_000)
    assert several.count == run.calls - 1
    assert several.wall < several.spent and several.spent >= 100_000_000


def test_block_counts_at_least_one_beside_the_warming_one():
    run = Run(0.25, first=0)
    two = block("candidate", run, 200_000_000)
    assert run.calls == 2 and two.count == 1 and two.wall >= 250_000_000


def test_block_of_one_long_inference_is_that_inference():
    run = Run(0.01)
    one = block("baseline", run, 1_000_000)
    assert run.calls == 1 == one.count
    assert one.wall == one.spent >= 10_000_000
    response = one.as_response()
    assert response["role"] == "baseline" and response["wallMs"] >= 10


def test_block_counts_cpu_time_of_the_process():
    def spin():
        end = process_time_ns() + 5_000_000
        while process_time_ns() < end:
            pass

    busy = block("candidate", spin, 20_000_000).as_response()
    idle = block("candidate", Run(0.005), 20_000_000).as_response()
    assert busy["cpuMs"] >= 5
    assert idle["wallMs"] >= 5 and idle["cpuMs"] < busy["cpuMs"]


def test_orders():
    rng = Random(1)
    orders = {"".join(r[0] for r in order_of(["baseline", "candidate"], rng)) for _ in range(50)}
    assert orders == {"cbbc", "bccb"}
    assert order_of(["baseline"], rng) == ["baseline"] * 4


def test_quads_are_at_least_so_many_and_so_long():
    runs = {"candidate": Run(), "baseline": Run()}
    paces = dict.fromkeys(runs, 0)
    few = quads(runs, paces, 0, 3, 0, FAR, Random(1))
    assert len(few.blocks) == 12 and few.complete
    long = quads(runs, paces, 1_000_000, 1, 20_000_000, FAR, Random(1))
    assert sum(each.spent for each in long.blocks) >= 20_000_000 and long.complete


def test_quad_that_the_deadline_cuts_is_left_out():
    runs = {"candidate": Run(0.01)}
    end = perf_counter_ns() + 75_000_000
    cut = quads(runs, {"candidate": 10_000_000}, 0, 50, 0, end, Random(1))
    assert not cut.complete and len(cut.blocks) in (0, 4)
    assert len(cut.blocks) <= runs["candidate"].calls <= 7


def test_no_garbage_collection_meanwhile():
    with pytest.raises(KeyError), quiet():
        assert not gc.isenabled()
        raise KeyError
    assert gc.isenabled()


def test_deadline_is_the_earlier_of_both_less_its_margin():
    now = perf_counter_ns()
    assert deadline_ns(now, 50_000, None) == now + 49_000_000_000
    assert deadline_ns(now, 500, None) == now + 450_000_000

    class Context:
        def get_remaining_time_in_millis(self):
            return 10_000

    assert 7.9e9 <= deadline_ns(now, 50_000, Context()) - now <= 9e9
