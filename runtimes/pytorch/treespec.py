"""How a model's inputs and outputs are nested, as torch's pytree writes it."""

from __future__ import annotations

import json
import re
from typing import Any

from ayci_runtime.errors import InvalidModel
from containers import register_mapping

_CONTAINERS = frozenset(
    {
        "builtins.tuple",
        "builtins.list",
        "builtins.dict",
        "collections.OrderedDict",
        "torch.fx.immutable_collections.immutable_list",
        "torch.fx.immutable_collections.immutable_dict",
    }
)
# Python's and torch's own, of which the above are enough.
_OWN = ("builtins.", "collections.", "torch.")
_CLASS = re.compile(r"[A-Za-z_]\w*(\.\w+)+", re.ASCII)
_KEY = re.compile(r"[\w. -]+", re.ASCII)


def admit_treespec(serialized: str) -> None:
    """Checks a nesting, and makes torch know the mappings of other libraries in it.

    Raises InvalidModel for containers that torch would import or call code of the model for.
    """
    try:
        _, tree = json.loads(serialized)
        _admit(tree)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise InvalidModel(
            f"the nesting of inputs or outputs: got {serialized[:80]!r};"
            " expected what torch.export writes"
        ) from None


def _admit(tree: Any) -> None:
    kind, context, children = tree["type"], tree["context"], tree["children_spec"]
    if kind is not None:
        told = json.loads(context)
        if kind in _CONTAINERS:
            _check_context(told)
        elif _is_mapping(kind, told, children):
            register_mapping(kind)
        else:
            raise InvalidModel(
                f"inputs or outputs are nested in a {str(kind)[:80]}; expected tuples, lists and"
                " dicts. Return plain ones before torch.export"
            )
    for child in children:
        _admit(child)


def _is_mapping(kind: Any, keys: Any, children: list[Any]) -> bool:
    """Whether it is a class of another library whose parts have names."""
    return (
        isinstance(kind, str)
        and _CLASS.fullmatch(kind) is not None
        and not kind.startswith(_OWN)
        and isinstance(keys, list)
        and len(keys) == len(children) > 0
        and all(isinstance(key, str) and _KEY.fullmatch(key) for key in keys)
    )


def _check_context(context: Any) -> None:
    """None, or the keys of a dict; an object in it would name a module to import."""
    if context is not None and not (
        isinstance(context, list)
        and all(
            type(key) is int or (isinstance(key, str) and _KEY.fullmatch(key)) for key in context
        )
    ):
        raise InvalidModel(
            f"a key of inputs or outputs: got {str(context)[:80]}; expected words or numbers"
        )
