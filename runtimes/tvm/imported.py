"""A model as an importer of TVM read it, whatever its format was."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ayci_runtime.errors import ConversionFailed, refused_operators
from ayci_runtime.tensors import NUMPY_DTYPES
from manifest import TensorInfo
from tvm import relax
from tvm.ir import IRModule
from tvm.tirx import IntImm

MAIN = "main"


@dataclass(frozen=True)
class Imported:
    """`main` of `module` takes the inputs and returns the outputs, in this order."""

    module: IRModule
    inputs: Sequence[str]
    outputs: Sequence[str]


def tensors_in(imported: Imported) -> tuple[TensorInfo, ...]:
    """The inputs. Raises ConversionFailed for what is no tensor, or of a size not known."""
    types = [each.ty for each in imported.module[MAIN].params]
    made = _infos("input", imported.inputs, types)
    for each in made:
        if each.shape is None:
            raise ConversionFailed(f"input {each.name}: its sizes depend on more than the inputs'")
    return made


def tensors_out(imported: Imported) -> tuple[TensorInfo, ...]:
    """The outputs, tuples flattened. Raises ConversionFailed for what is no tensor."""
    return _infos("output", imported.outputs, list(_flattened(imported.module[MAIN].ret_ty)))


def _flattened(given: relax.Type) -> Iterator[relax.Type]:
    if isinstance(given, relax.TupleType):
        for each in given.fields:
            yield from _flattened(each)
    else:
        yield given


def _infos(kind: str, names: Sequence[str], types: Sequence[relax.Type]) -> tuple[TensorInfo, ...]:
    if len(names) != len(types):
        raise ConversionFailed(f"{kind}s: got {len(types)}; the model names {len(names)}")
    return tuple(_info(kind, name, each) for name, each in zip(names, types, strict=True))


def _info(kind: str, name: str, given: relax.Type) -> TensorInfo:
    dtype = str(given.dtype) if isinstance(given, relax.TensorType) else type(given).__name__
    if dtype not in NUMPY_DTYPES or dtype == "string":
        raise ConversionFailed(f"{kind} {name}: TVM makes it {dtype}; expected a tensor of numbers")
    return TensorInfo(name, dtype, shape_of(given))


def shape_of(given: relax.TensorType) -> tuple[int, ...] | None:
    """The sizes, or None where one of them is not known."""
    sizes = list(given.shape) if isinstance(given.shape, relax.ShapeExpr) else [None]
    return tuple(map(int, sizes)) if all(isinstance(size, IntImm) for size in sizes) else None


# As TVM's importers and its compiler name operators that they have not, or not for such arguments.
_REFUSED = re.compile(
    r"operators are not supported (?:for|in) frontend \w+: (?P<listed>[^\n]+)"
    r"|Operator (?P<one>\w+) not implemented"
    r"|cannot emit this Relax operator[^\n]*\nOffending call:\s*R\.(?P<compiled>[\w.]+)"
)


@contextmanager
def naming_operators() -> Iterator[None]:
    """Turns what TVM raises for operators that it lacks into ConversionFailed that names them."""
    try:
        yield
    except Exception as error:
        found = _REFUSED.search(str(error))
        if found is None:
            raise
        names = re.findall(r"[\w.]+", next(filter(None, found.groups())))
        raise refused_operators(names, "those that TVM reads") from None
