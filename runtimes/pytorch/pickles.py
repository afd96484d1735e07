"""Reads the opcodes of a pickle without running them: only those that rebuild tensors may pass."""

from __future__ import annotations

import pickletools
import re

from ayci_runtime.errors import InvalidModel

# What torch writes for tensors, containers, plain values, and objects of classes that are allowed.
_OPCODES = frozenset(
    """
    PROTO STOP MARK POP EMPTY_DICT EMPTY_LIST EMPTY_TUPLE EMPTY_SET SETITEM SETITEMS APPEND APPENDS
    TUPLE TUPLE1 TUPLE2 TUPLE3 LIST DICT NONE NEWTRUE NEWFALSE INT BININT BININT1 BININT2 LONG1
    LONG4 BINFLOAT BINUNICODE SHORT_BINUNICODE BINSTRING SHORT_BINSTRING BINGET LONG_BINGET BINPUT
    LONG_BINPUT MEMOIZE GLOBAL REDUCE BINPERSID
    """.split()
)
# Of objects of the archive's own classes.
_OBJECTS = frozenset({"BUILD", "NEWOBJ"})
_TEXTS = frozenset({"BINUNICODE", "SHORT_BINUNICODE", "BINSTRING", "SHORT_BINSTRING"})
# Keys and names of storages: what torch could write into source that it compiles.
_PLAIN = re.compile(r"[\w ./:+-]*")
TENSORS = re.compile(
    r"collections OrderedDict"
    r"|torch\._utils _rebuild_(tensor_v[23]|qtensor|parameter)"
    r"|torch (\w+Storage|device|Size|[a-z]+\d+|bool|per_(tensor|channel)_affine)"
    r"|torch\.storage (Typed|Untyped)Storage"
)
# What torch.jit writes beside tensors; its classes are those of the archive's own code.
SCRIPTED = re.compile(
    TENSORS.pattern + r"|__torch__(\.\w+)+ \w+|__torch__ \w+"
    r"|torch\.jit\._pickle (build_\w+|restore_type_tag)"
)
_CUSTOM_CLASS = re.compile(r"__torch__\.torch\.classes\.(\w+)")
# Of torch's own: weights that are packed for quantized or prepacked kernels.
CUSTOM_CLASSES = frozenset({"quantized", "rnn", "sparse", "mkldnn", "xnnpack"})


def check_pickle(data: bytes, name: str, allowed: re.Pattern[str]) -> None:
    """Raises InvalidModel for a pickle that does more than rebuild what `allowed` names."""
    scripted = allowed is SCRIPTED
    try:
        for opcode, argument, _ in pickletools.genops(data):
            known = opcode.name in _OPCODES or (scripted and opcode.name in _OBJECTS)
            if not known:
                raise InvalidModel(f"{name}: its pickle holds a {opcode.name}; expected tensors")
            if not scripted and opcode.name in _TEXTS and not _PLAIN.fullmatch(str(argument)):
                raise InvalidModel(
                    f"{name}: its pickle holds {str(argument)[:80]!r}; expected words alone."
                    " Export the model with plain names of inputs"
                )
            if opcode.name == "GLOBAL":
                _check_global(str(argument), name, allowed)
    except (ValueError, EOFError, UnicodeError, IndexError, RecursionError) as error:
        raise InvalidModel(f"{name}: not a pickle: {error}") from None


def _check_global(target: str, name: str, allowed: re.Pattern[str]) -> None:
    custom = _CUSTOM_CLASS.match(target)
    if not allowed.fullmatch(target) or (custom and custom[1] not in CUSTOM_CLASSES):
        shown = target.replace(" ", ".")[:80]
        raise InvalidModel(f"{name}: its pickle asks for {shown}; expected tensors alone")
