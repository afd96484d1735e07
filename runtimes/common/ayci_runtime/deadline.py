"""By when a request must be answered."""

from __future__ import annotations

from time import perf_counter_ns

# What is left to write the answer after the last inference, at most.
MARGIN_MS = 1000
LAMBDA_MARGIN_MS = 2000


def deadline_ns(received_ns: int, deadline_ms: float, context: object | None) -> int:
    """The moment, on `perf_counter_ns`, after which no inference may run.

    `deadline_ms` counts from the receipt; a tenth of it, at most 1 s, is kept for the answer.
    Lambda's own time-out, where the context tells it, counts too, less 2 s.
    """
    end = received_ns + round((deadline_ms - min(MARGIN_MS, deadline_ms / 10)) * 1e6)
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    if remaining is None:
        return end
    return min(end, perf_counter_ns() + round((remaining() - LAMBDA_MARGIN_MS) * 1e6))
