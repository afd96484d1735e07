"""Writes models as ONNX, by torch's own exporters."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from ayci_runtime.adapter import Wanted
from ayci_runtime.errors import ConversionFailed, refused_operators
from ayci_runtime.inputs import check_signature
from exported import input_types, output_types
from scripted import ScriptedModel
from values import named_tensors, torch_tensor

# A protobuf message ends at 2 GiB.
INLINE_BYTES = 1 << 30
# As torch's two exporters name an operator that they cannot write.
_REFUSED = re.compile(
    r"No ONNX function found for <OpOverload\(op='(?P<new>[\w.]+)'"
    r"|Exporting the operator '(?P<old>[\w:]+)'"
)


def write_program(
    program: torch.export.ExportedProgram, sizes: Sequence[int], target: Path
) -> None:
    """Writes an exported program, dynamic sizes and names of inputs kept.

    `sizes`: bytes of the model's files; beyond 1 GiB weights go to a file of their own.
    Raises ConversionFailed that names the operator, or what torch raises.
    """
    with _naming_operators():
        torch.onnx.export(
            program,
            (),
            target,
            dynamo=True,
            external_data=sum(sizes) > INLINE_BYTES,
            input_names=[each.name for each in input_types(program)],
            output_names=[name for name, _ in output_types(program)],
            verbose=False,
        )


def write_script(module: torch.jit.ScriptModule, wanted: Wanted, target: Path) -> None:
    """Writes a TorchScript module for the shapes of `wanted.inputs`.

    Raises ConversionFailed that names the operator, InvalidInput, or what torch raises.
    """
    model = ScriptedModel(module)
    check_signature(wanted.inputs, model.inputs)
    if sum(wanted.sizes) > INLINE_BYTES:
        raise ConversionFailed(
            "TorchScript of more than 1 GiB does not fit into one ONNX file."
            " Save the model by torch.export.save"
        )
    feeds = wanted.feeds()
    given = {each.name: torch_tensor(each) for each in feeds}
    outputs = [each.name for each in named_tensors(model.bind(feeds)())]
    names = [each.name for each in model.inputs]
    with _naming_operators():
        torch.onnx.export(
            module,
            tuple(given[name] for name in names),
            target,
            dynamo=False,
            input_names=names,
            output_names=outputs,
        )


@contextmanager
def _naming_operators() -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            # TorchScript is deprecated, and still what many have.
            warnings.simplefilter("ignore")
            yield
    except (torch.onnx.errors.OnnxExporterError, RuntimeError) as error:
        found = next(filter(None, map(_REFUSED.search, _texts(error))), None)
        if found is None:
            raise
        name = (found["old"] or found["new"]).replace(".", "::")
        raise refused_operators([name], "those that PyTorch writes as ONNX") from None


def _texts(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        yield str(error)
        error = error.__cause__ or error.__context__
