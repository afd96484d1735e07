"""Reads a TorchScript archive before torch does: what lies in it runs as it is loaded."""

from __future__ import annotations

import re
from pathlib import Path

from archive import opened
from ayci_runtime.errors import InvalidModel
from pickles import SCRIPTED, check_pickle
from script_code import check_code

_MEMBERS = re.compile(
    r"(data|constants|traced_inputs|attributes)\.pkl|version|byteorder"
    r"|(data|constants|traced_inputs|attributes|tensors)/\d+|code/[\w./ -]+\.py(\.debug_pkl)?"
    r"|\.data/(version|serialization_id)|\.format_version|\.storage_alignment|extra/.+"
    r"|bytecode\.pkl|mobile_debug_handles\.pkl"
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
                check_code(archive.read(name).decode("utf-8", "replace"), name)


def not_a_model(name: str) -> InvalidModel:
    """What is said of a state dict, a pickled module, and anything else that is no archive."""
    return InvalidModel(
        f"{name}: got a pickle (a state dict or a whole module), which is never opened since a"
        f" pickle runs code; expected TorchScript or an exported program. {EXPORT_HINT}"
    )
