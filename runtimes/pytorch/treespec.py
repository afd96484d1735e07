"""How a model's inputs and outputs are nested, as torch's pytree writes it."""

from __future__ import annotations

import json
import re
from typing import Any

from ayci_runtime.errors import InvalidModel

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
_KEY = re.compile(r"[\w. -]+", re.ASCII)


def check_treespec(serialized: str) -> None:
    """Raises InvalidModel for containers that torch would import or call code of the model for."""
    try:
        _, tree = json.loads(serialized)
        _check(tree)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise InvalidModel(
            f"the nesting of inputs or outputs: got {serialized[:80]!r};"
            " expected what torch.export writes"
        ) from None


def _check(tree: Any) -> None:
    kind, context, children = tree["type"], tree["context"], tree["children_spec"]
    if kind is not None:
        if kind not in _CONTAINERS:
            raise InvalidModel(
                f"inputs or outputs are nested in a {str(kind)[:80]}; expected tuples, lists and"
                " dicts. Return plain ones before torch.export"
            )
        _check_context(json.loads(context))
    for child in children:
        _check(child)


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
