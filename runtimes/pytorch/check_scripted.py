"""Reads a TorchScript archive before torch does: what lies in it runs as it is loaded."""

from __future__ import annotations

import re
from pathlib import Path

from archive import opened
from ayci_runtime.errors import InvalidModel
from operators import NAMESPACES, REFUSED, is_allowed
from pickles import CUSTOM_CLASSES, SCRIPTED, check_pickle

_MEMBERS = re.compile(
    r"(data|constants|traced_inputs|attributes)\.pkl|version|byteorder"
    r"|(data|constants|traced_inputs|attributes|tensors)/\d+|code/[\w./ -]+\.py(\.debug_pkl)?"
    r"|\.data/(version|serialization_id)|\.format_version|\.storage_alignment|extra/.+"
    r"|bytecode\.pkl|mobile_debug_handles\.pkl"
)
# Spaces, comments and line ends may stand around a dot.
_GAP = r"(?:\s|\\|#[^\n]*\n)*"
_DOT = rf"{_GAP}\.{_GAP}"
_OPERATOR = re.compile(rf"\bops{_DOT}(\w+){_DOT}(\w+)", re.ASCII)
_CUSTOM_CLASS = re.compile(rf"\btorch{_DOT}classes{_DOT}(\w+)", re.ASCII)
# Whatever they stand for there: a variable of such a name is rarer than a way around a grammar.
_WORDS = re.compile(
    rf"(?<!\w)(?:{'|'.join(sorted(each.split('.')[1] for each in REFUSED))})(?!\w)",
    re.ASCII,
)
EXPORT_HINT = (
    "Save the model by torch.export.save(torch.export.export(model, args), 'model.pt2')"
    " or as TorchScript by torch.jit.save"
)


def check_scripted(path: Path) -> None:
    """Raises InvalidModel for a .pt that is no TorchScript, or whose code reaches out."""
    with opened(path) as archive:
        names = archive.names
        if "constants.pkl" not in names or not any(name.startswith("code/") for name in names):
            raise not_a_model(path.name)
        for name in names:
            if not _MEMBERS.fullmatch(name):
                raise InvalidModel(f"{name}: got an unknown member; expected those of TorchScript")
            if name.endswith(".pkl"):
                check_pickle(archive.read(name), name, SCRIPTED)
            # Line numbers for messages lie beside the code, read in C++ alone.
            elif name.startswith("code/") and name.endswith(".py"):
                _check_code(archive.read(name).decode("utf-8", "replace"), name)


def not_a_model(name: str) -> InvalidModel:
    """What is said of a state dict, a pickled module, and anything else that is no archive."""
    return InvalidModel(
        f"{name}: got a pickle (a state dict or a whole module), which is never opened since a"
        f" pickle runs code; expected TorchScript or an exported program. {EXPORT_HINT}"
    )


def _check_code(code: str, name: str) -> None:
    for namespace, operator in _OPERATOR.findall(code):
        if namespace not in NAMESPACES or not is_allowed(namespace, operator):
            raise InvalidModel(
                f"operator {namespace}::{operator}: not one of PyTorch's own that only compute."
                " Save the model without it"
            )
    for custom in _CUSTOM_CLASS.findall(code):
        if custom not in CUSTOM_CLASSES:
            raise InvalidModel(f"{name}: got custom class {custom}; expected PyTorch's own")
    word = _WORDS.search(code)
    if word:
        raise InvalidModel(
            f"{name}: got {word[0]}, which reaches files or other programs; expected operators"
            " that only compute. Save the model without it"
        )
