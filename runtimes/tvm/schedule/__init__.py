"""CPU schedules for TVM, whose own pipelines add none: made by rules, without any search."""

from schedule.pipeline import optimize

__all__ = ["optimize"]
