"""Reads a torch.export archive before torch does: `torch.export.load` unpickles what it says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from archive import Archive, opened
from ayci_runtime.errors import InvalidModel
from operators import is_allowed_target
from pickles import TENSORS, check_pickle
from symbols import is_safe, is_safe_guard
from treespec import admit_treespec

MODEL = "models/model.json"
SAMPLES = "data/sample_inputs/model.pt"
_CONFIGS = {
    "data/weights/model_weights_config.json": re.compile(r"weight_\d+"),
    "data/constants/model_constants_config.json": re.compile(r"tensor_\d+"),
}
_MEMBERS = re.compile(
    r"models/model\.json|data/sample_inputs/model\.pt|archive_format|archive_version|byteorder"
    r"|data/weights/(weight_\d+|model_weights_config\.json)"
    r"|data/constants/(tensor_\d+|model_constants_config\.json)"
    r"|\.data/(version|serialization_id)|\.format_version|\.storage_alignment|extra/.+"
)
_SAMPLE_MEMBERS = re.compile(
    r"data\.pkl|byteorder|version|data/\d+|\.data/(version|serialization_id)|\.format_version"
    r"|\.storage_alignment"
)
# torch writes names into Python source that it then compiles.
_IDENTIFIER = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)?")
_PATH = re.compile(r"[\w.@:-]*", re.ASCII)
# torch writes constants in quotes into such source.
_TEXT = re.compile(r"[^'\"\\\x00-\x1f\x7f]*")


def check_exported(path: Path) -> None:
    """Raises InvalidModel for a .pt2 that is damaged, or asks for more than tensors and operators.

    What it may hold: one program of known operators, tensors as plain bytes, sample inputs.
    """
    with opened(path) as archive:
        names = archive.names
        if "archive_format" not in names or MODEL not in names:
            raise InvalidModel(
                f"{path.name}: got no exported program; expected the archive that"
                " torch.export.save of torch 2.8 or newer writes"
            )
        for name, payload in _CONFIGS.items():
            _check_config(_json(archive, name), name, payload)
        for name in names:
            if not _MEMBERS.fullmatch(name):
                raise InvalidModel(
                    f"the archive: got member {name[:80]}; expected one exported program, its"
                    " tensors and sample inputs. Write it by torch.export.save"
                )
        samples = archive.read(SAMPLES)
        if samples:
            _check_samples(samples)
        _check_program(_json(archive, MODEL))


def _json(archive: Archive, name: str) -> Any:
    try:
        return json.loads(archive.read(name))
    except (ValueError, RecursionError) as error:
        raise InvalidModel(f"{name}: not JSON: {error}") from None


def _check_config(config: Any, name: str, payload: re.Pattern[str]) -> None:
    tensors = config.get("config") if isinstance(config, dict) else None
    if not isinstance(tensors, dict) or config.keys() != {"config"}:
        raise InvalidModel(f"{name}: got no table of tensors; expected one")
    for tensor, meta in tensors.items():
        if not isinstance(meta, dict) or meta.get("use_pickle") is not False:
            raise InvalidModel(
                f"{name}: {tensor[:80]} is pickled, and a pickle runs code; expected plain tensors."
                " Export plain tensors, without tensor subclasses or custom objects"
            )
        if not payload.fullmatch(str(meta.get("path_name"))):
            raise InvalidModel(f"{name}: {tensor[:80]} is a custom object; expected plain tensors")
    _check(tensors, "config")


def _check_samples(data: bytes) -> None:
    with opened(data) as archive:
        for name in archive.names:
            if not _SAMPLE_MEMBERS.fullmatch(name):
                raise InvalidModel(f"{SAMPLES}: got member {name}; expected tensors")
        check_pickle(archive.read("data.pkl"), SAMPLES, TENSORS)


def _check_program(program: Any) -> None:
    if not isinstance(program, dict):
        raise InvalidModel(f"{MODEL}: got no program; expected one")
    try:
        for name, value in program.items():
            _check(value, name)
    except RecursionError:
        raise InvalidModel(f"{MODEL}: nested too deeply") from None


def _check(value: Any, key: str) -> None:
    """Checks a value by the field that it stands in, and all that is below it."""
    if key in _FREE_TEXT:
        return
    if key in _REFUSED:
        raise InvalidModel(f"{MODEL}: got a custom object; expected tensors. Export without one")
    if isinstance(value, dict):
        for name, each in value.items():
            if not _KEYS.get(key, _is_path)(name):
                raise _bad(key, name)
            # A key that the model chose says nothing of what stands below it.
            _check(each, "" if key in _KEYS else name)
    elif isinstance(value, list):
        for each in value:
            _check(each, key)
    elif isinstance(value, str):
        _check_text(value, key)


def _check_text(value: str, key: str) -> None:
    if key in ("target", "as_operator") and not is_allowed_target(value):
        raise InvalidModel(
            f"operator {value[:80]}: not one of PyTorch's own that only compute."
            " Export the model without it"
        )
    if key in ("in_spec", "out_spec"):
        admit_treespec(value)
    elif not _TEXTS.get(key, _is_path)(value):
        raise _bad(key, value)


def _bad(key: str, value: str) -> InvalidModel:
    return InvalidModel(
        f"{MODEL}: {key[:80]}: got {value[:80]!r}; expected what torch.export writes"
    )


def _is_path(value: str) -> bool:
    return _PATH.fullmatch(value) is not None


def _is_text(value: str) -> bool:
    return _TEXT.fullmatch(value) is not None


def _is_identifier(value: str) -> bool:
    return _IDENTIFIER.fullmatch(value) is not None


# Never compiled or evaluated: notes for people.
_FREE_TEXT = frozenset({"metadata", "torch_version"})
_REFUSED = frozenset({"as_custom_obj", "custom_obj"})
_KEYS: dict[str, Callable[[str], bool]] = {
    "config": _is_path,
    "opset_version": _is_path,
    "as_string_to_argument": _is_identifier,
    "treespec_namedtuple_fields": _is_path,
    "tensor_values": _is_identifier,
    "sym_int_values": _is_identifier,
    "sym_float_values": _is_identifier,
    "sym_bool_values": _is_identifier,
    "custom_obj_values": _is_identifier,
    "range_constraints": is_safe,
}
_TEXTS: dict[str, Callable[[str], bool]] = {
    "name": _is_identifier,
    "as_name": _is_identifier,
    "forward_arg_names": _is_identifier,
    "expr_str": is_safe,
    "guards_code": is_safe_guard,
    "as_string": _is_text,
    "as_strings": _is_text,
}
