"""Between numpy's arrays and torch's tensors, and the names of nested outputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from ayci_runtime.errors import InvalidInput
from ayci_runtime.tensors import NUMPY_DTYPES, Tensor
from torch.utils import _pytree as pytree

OUTPUT = "output"


def dtype_name(dtype: torch.dtype) -> str | None:
    """The dtype of torch.float32 and the like; None for those that AYCI cannot feed or tell."""
    name = str(dtype).removeprefix("torch.")
    return name if name in NUMPY_DTYPES else None


def torch_tensor(feed: Tensor) -> torch.Tensor:
    """A tensor of its own with the values of an input. Raises InvalidInput for strings."""
    if feed.dtype == "string":
        raise InvalidInput(
            f"input {feed.name}: got string; expected numbers, as PyTorch has no other"
        )
    # A copy: a model may write to its inputs.
    made = torch.tensor(np.ascontiguousarray(feed.array))
    return made.view(torch.bfloat16) if feed.dtype == "bfloat16" else made


def named_tensors(raw: Any) -> Iterator[Tensor]:
    """All tensors and numbers of an output, in pytree order, named by `output_name`."""
    for path, value in pytree.tree_flatten_with_path(raw)[0]:
        if isinstance(value, torch.Tensor):
            yield _tensor(output_name(path), value)
        elif value is not None:
            array = np.asarray(value)
            yield Tensor(output_name(path), array.dtype.name, array)


def output_name(path: tuple[Any, ...]) -> str:
    """`output`, `output[0]`, `output.key`, `output[1].key[0]`."""
    name = OUTPUT
    for step in path:
        if isinstance(step, pytree.SequenceKey):
            name += f"[{step.idx}]"
        elif isinstance(step, pytree.GetAttrKey):
            name += f".{step.name}"
        else:
            name += f".{step.key}"
    return name


def _tensor(name: str, value: torch.Tensor) -> Tensor:
    plain = value.detach().cpu()
    if plain.is_quantized:
        plain = plain.dequantize()
    if plain.layout != torch.strided:
        plain = plain.to_dense()
    plain = plain.resolve_conj().resolve_neg().contiguous()
    if plain.dtype == torch.bfloat16:
        return Tensor(name, "bfloat16", plain.view(torch.int16).numpy().view(np.uint16))
    if dtype_name(plain.dtype) is None:
        # Complex numbers as their two parts, eighths of a word as what they stand for.
        plain = torch.view_as_real(plain) if plain.is_complex() else plain.to(torch.float32)
    return Tensor(name, plain.numpy().dtype.name, plain.numpy())
