"""Writes exported programs as modules of TVM's Relax."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import torch
import tvm
from ayci_runtime.errors import refused_operators
from exported import input_types, output_types
from tvm.relax.frontend.torch import from_exported_program

MAIN = "main"
# As TVM's importer lists operators that it does not know.
_REFUSED = re.compile(r"Unsupported function types? \[(.*)\]")


def write_relax(program: torch.export.ExportedProgram, target: Path) -> None:
    """Writes a module as JSON, weights inside, dynamic sizes and names of inputs kept.

    The attribute `output_names` of `main` names its outputs.
    Raises ConversionFailed that names the operator, or what TVM raises.
    """
    input_types(program)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = from_exported_program(program)
    except (ValueError, AssertionError) as error:
        found = _REFUSED.search(str(error))
        if found is None:
            raise
        raise refused_operators([found[1]], "those of PyTorch that TVM reads") from None
    names = [name for name, _ in output_types(program)]
    module[MAIN] = module[MAIN].with_attr("output_names", names)
    target.write_text(tvm.ir.save_json(module))
