"""Containers of other libraries, such as the outputs of transformers, which are not installed here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch.utils import _pytree as pytree


def register_mapping(kind: str) -> None:
    """Gives torch a dict for `kind`, e.g. `transformers.modeling_outputs.BaseModelOutput`.

    Its parts are named by their keys. Once: a kind that is known stays as it is.
    """
    if kind in pytree.SERIALIZED_TYPE_TO_PYTHON_TYPE:
        return
    stand_in = type(kind.rpartition(".")[2], (dict,), {})

    def flatten(value: dict[str, Any]) -> tuple[list[Any], list[str]]:
        return list(value.values()), list(value.keys())

    def with_keys(value: dict[str, Any]) -> tuple[list[tuple[Any, Any]], list[str]]:
        return [(pytree.MappingKey(key), part) for key, part in value.items()], list(value)

    def unflatten(parts: Iterable[Any], keys: list[str]) -> dict[str, Any]:
        return stand_in(zip(keys, parts, strict=True))

    pytree.register_pytree_node(
        stand_in,
        flatten,
        unflatten,
        serialized_type_name=kind,
        flatten_with_keys_fn=with_keys,
    )
