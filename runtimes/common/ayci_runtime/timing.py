"""The timed loops. They read clocks and count, nothing else: what they do adds to every figure."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from time import perf_counter_ns, process_time_ns

Run = Callable[[], object]


@dataclass(frozen=True)
class Stretch:
    """Back-to-back inferences; nanoseconds."""

    wall: int
    cpu: int
    samples: list[int]
    complete: bool


@dataclass(frozen=True)
class Block:
    """`wall` and `cpu`: sums over the counted inferences; `spent`: all of them. Nanoseconds."""

    role: str
    count: int
    wall: int
    cpu: int
    spent: int

    def as_response(self) -> dict[str, object]:
        """The protocol's Block: means per counted inference, ms."""
        return {
            "role": self.role,
            "count": self.count,
            "wallMs": self.wall / self.count / 1e6,
            "cpuMs": self.cpu / self.count / 1e6,
        }


@dataclass
class Quads:
    """Blocks in the order run, whole quads only."""

    blocks: list[Block] = field(default_factory=list)
    complete: bool = True


@contextmanager
def quiet() -> Iterator[None]:
    """No garbage collection meanwhile: it would fall on whichever inference runs then."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def stretch(run: Run, least_ns: int, least: int, pace_ns: int, end_ns: int) -> Stretch:
    """Runs for `least_ns` and for `least` inferences, whichever is longer.

    Stops where another one would not end before `end_ns`; `pace_ns`: what the first may take.
    """
    samples: list[int] = []
    complete = True
    cpu = process_time_ns()
    begin = last = perf_counter_ns()
    while len(samples) < least or last - begin < least_ns:
        if last + pace_ns > end_ns:
            complete = False
            break
        run()
        now = perf_counter_ns()
        pace_ns = now - last
        samples.append(pace_ns)
        last = now
    return Stretch(last - begin, process_time_ns() - cpu, samples, complete)


def block(role: str, run: Run, block_ns: int) -> Block:
    """Inferences until `block_ns` are full.

    Where the first alone fills them, it is the block. Else it is not counted: it only warms the
    caches, which the other subject's block has taken.
    """
    cpu = process_time_ns()
    begin = perf_counter_ns()
    run()
    now = perf_counter_ns()
    if now - begin >= block_ns:
        return Block(role, 1, now - begin, process_time_ns() - cpu, now - begin)
    end = begin + block_ns
    count = 0
    cpu = process_time_ns()
    start = now = perf_counter_ns()
    while now < end or count == 0:
        run()
        count += 1
        now = perf_counter_ns()
    return Block(role, count, now - start, process_time_ns() - cpu, now - begin)


def order_of(roles: list[str], rng: Random) -> list[str]:
    """The roles of one quad's blocks: ABBA or BAAB by coin (A is the candidate), or AAAA."""
    if len(roles) == 1:
        return roles * 4
    first, second = "candidate", "baseline"
    if rng.random() < 0.5:
        first, second = second, first
    return [first, second, second, first]


def quads(
    runs: Mapping[str, Run],
    paces_ns: Mapping[str, int],
    block_ns: int,
    least: int,
    least_ns: int,
    end_ns: int,
    rng: Random,
) -> Quads:
    """Quads until there are `least` of them and their blocks have taken `least_ns`.

    A quad whose next block would not end before `end_ns` is left out, and is the last.
    """
    done = Quads()
    spent = 0
    while len(done.blocks) < 4 * least or spent < least_ns:
        quad: list[Block] = []
        for role in order_of(list(runs), rng):
            if perf_counter_ns() + block_ns + paces_ns[role] > end_ns:
                done.complete = False
                return done
            quad.append(block(role, runs[role], block_ns))
        done.blocks += quad
        spent += sum(each.spent for each in quad)
    return done
