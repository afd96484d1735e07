"""Reads an ONNX model before anything loads it, and refuses what reaches beyond it.

Field numbers are those of onnx.proto. A field that should come once is read each time it comes:
parsers merge such messages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from mmap import ACCESS_READ, mmap
from pathlib import Path

from .errors import InvalidModel
from .onnx_expansion import check_expansion
from .onnx_locations import check_location
from .protobuf_wire import fields

# '' is ai.onnx.
DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft")
MAX_LEVELS = 16
# An archive keeps 10,000 files of a model: the model's own is one.
MAX_LOCATIONS = 9_999
_LONGEST_NAME = 100
# More digits would let an end run over in 64 bits, past the check that it lies in the file.
_NUMBER = re.compile(rb"[0-9]{1,18}")
# Graphs, tensors and sparse tensors among the fields of AttributeProto.
_GRAPHS, _TENSORS, _SPARSE = (6, 11), (5, 10), (22, 23)

# Domain and name.
Operator = tuple[str, str]


@dataclass
class Found:
    """What a model holds, subgraphs included."""

    # How often each operator is called by each function; those of the graph: by None.
    calls: dict[Operator | None, dict[Operator, int]] = field(default_factory=dict)
    locations: set[str] = field(default_factory=set)

    def call(self, caller: Operator | None, called: Operator) -> None:
        """Counts one call."""
        counts = self.calls.setdefault(caller, {})
        counts[called] = counts.get(called, 0) + 1


def check_model(path: Path) -> None:
    """Raises InvalidModel for a model that AYCI does not load.

    One with operators of unknown domains, data outside its folder or in more than MAX_LOCATIONS
    files, subgraphs deeper than MAX_LEVELS, functions that never end or grow without bounds; and
    what is no protobuf.
    """
    if path.stat().st_size == 0:
        raise InvalidModel("model: got an empty file; expected an ONNX model. Export it again")
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        found = _Reader(data).model()
    for operator in {each for counts in found.calls.values() for each in counts}:
        if operator not in found.calls and operator[0] not in DOMAINS:
            domain, name = (part[:_LONGEST_NAME] for part in operator)
            known = ", ".join(each for each in DOMAINS if each)
            raise InvalidModel(
                f"operator {name}: got domain {domain!r}; expected {known}, or a function of the"
                " model. AYCI loads no custom operators: export the model without them"
            )
    check_expansion(found.calls)
    for location in sorted(found.locations):
        check_location(path, location)


class _Reader:
    def __init__(self, data: mmap) -> None:
        self.data = data
        self.found = Found()

    def model(self) -> Found:
        """ModelProto."""
        for number, begin, end in fields(self.data, 0, len(self.data)):
            if number == 7:
                self._graph(begin, end, None, 0)
            elif number == 25:
                self._function(begin, end)
        return self.found

    def _text(self, begin: int, end: int) -> str:
        return self.data[begin:end].decode(errors="replace")

    def _function(self, begin: int, end: int) -> None:
        """FunctionProto."""
        name = domain = ""
        for number, start, stop in fields(self.data, begin, end):
            if number == 1:
                name = self._text(start, stop)
            elif number == 10:
                domain = self._text(start, stop)
        own = (domain, name)
        self.found.calls.setdefault(own, {})
        for number, start, stop in fields(self.data, begin, end):
            if number == 7:
                self._node(start, stop, own, 0)
            elif number == 11:
                # What an attribute of a call is where the call does not give it.
                self._attribute(start, stop, own, 0)

    def _graph(self, begin: int, end: int, caller: Operator | None, level: int) -> None:
        """GraphProto."""
        if level > MAX_LEVELS:
            raise InvalidModel(
                f"subgraphs: got more than {MAX_LEVELS} within each other; expected at most"
                f" {MAX_LEVELS}. Export the model with fewer nested branches and loops"
            )
        for number, start, stop in fields(self.data, begin, end):
            if number == 1:
                self._node(start, stop, caller, level)
            elif number == 5:
                self._tensor(start, stop)
            elif number == 15:
                self._sparse(start, stop)

    def _node(self, begin: int, end: int, caller: Operator | None, level: int) -> None:
        """NodeProto."""
        domain = name = ""
        for number, start, stop in fields(self.data, begin, end):
            if number == 4:
                name = self._text(start, stop)
            elif number == 7:
                domain = self._text(start, stop)
            elif number == 5:
                self._attribute(start, stop, caller, level)
        self.found.call(caller, (domain, name))

    def _attribute(self, begin: int, end: int, caller: Operator | None, level: int) -> None:
        """AttributeProto."""
        for number, start, stop in fields(self.data, begin, end):
            if number in _GRAPHS:
                self._graph(start, stop, caller, level + 1)
            elif number in _TENSORS:
                self._tensor(start, stop)
            elif number in _SPARSE:
                self._sparse(start, stop)

    def _sparse(self, begin: int, end: int) -> None:
        """SparseTensorProto."""
        for number, start, stop in fields(self.data, begin, end):
            if number in (1, 2):
                self._tensor(start, stop)

    def _tensor(self, begin: int, end: int) -> None:
        """TensorProto."""
        for number, start, stop in fields(self.data, begin, end):
            if number == 13:
                self._entry(start, stop)

    def _entry(self, begin: int, end: int) -> None:
        """StringStringEntryProto of external data."""
        parts = [(no, self.data[a:b]) for no, a, b in fields(self.data, begin, end)]
        keys = {value for number, value in parts if number == 1}
        values = {value for number, value in parts if number == 2}
        if not keys.isdisjoint((b"offset", b"length")):
            self._numbers(values)
        if b"location" in keys:
            self._locations(values)

    def _numbers(self, values: set[bytes]) -> None:
        for value in values:
            if not _NUMBER.fullmatch(value):
                raise InvalidModel(
                    "external data: got an offset or a length of"
                    f" {value[:_LONGEST_NAME].decode(errors='replace')!r}; expected a number of at"
                    " most 18 digits. Save the model and its data again"
                )

    def _locations(self, values: set[bytes]) -> None:
        for value in values:
            try:
                self.found.locations.add(value.decode())
            except UnicodeDecodeError:
                raise InvalidModel(
                    f"external data: got {value[:_LONGEST_NAME]!r}; expected UTF-8."
                    " Save the model and its data again"
                ) from None
        if len(self.found.locations) > MAX_LOCATIONS:
            raise InvalidModel(
                f"external data: got more than {MAX_LOCATIONS} files; expected at most"
                f" {MAX_LOCATIONS}. Save all weights into one file"
            )
