"""How large a model grows where the functions that it brings are put in place of their calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from .errors import InvalidModel

MAX_OPERATORS = 1_000_000
MAX_FUNCTION_LEVELS = 64

Name = TypeVar("Name")


def check_expansion(calls: Mapping[Name | None, Mapping[Name, int]]) -> None:
    """Raises InvalidModel for functions that call themselves, or too deep, or too often.

    `calls`: how often each function calls each operator; None is the graph.
    """
    sizes: dict[Name | None, int] = {}

    def size(caller: Name | None, level: int) -> int:
        """Operators in it once no call of a function is left."""
        if level > MAX_FUNCTION_LEVELS:
            raise InvalidModel(
                "functions: got some that call themselves, or more than"
                f" {MAX_FUNCTION_LEVELS} levels; expected fewer. Export the model without functions"
            )
        if caller not in sizes:
            counts = calls[caller].items()
            sizes[caller] = sum(
                count * (size(called, level + 1) if called in calls else 1)
                for called, count in counts
            )
        if sizes[caller] > MAX_OPERATORS:
            raise InvalidModel(
                f"functions: got more than {MAX_OPERATORS} operators with each call replaced;"
                f" expected at most {MAX_OPERATORS}. Export the model without functions"
            )
        return sizes[caller]

    for caller in calls:
        size(caller, 0)
