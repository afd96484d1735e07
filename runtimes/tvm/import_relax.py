"""Relax modules, as the PyTorch converter writes them."""

from __future__ import annotations

from pathlib import Path

import tvm
from ayci_runtime.adapter import InputType, Wanted
from ayci_runtime.errors import ConversionFailed, InvalidInput
from ayci_runtime.inputs import check_signature
from check_relax import check_relax
from imported import MAIN, Imported, naming_operators, shape_of
from tvm import relax
from tvm.ir import IRModule
from tvm.tirx import IntImm, Var


def read_relax(path: Path, wanted: Wanted) -> Imported:
    """The module of a .relax.json, its symbolic sizes bound to those of `wanted.inputs`.

    Its attribute `output_names` names the outputs.
    Raises ConversionFailed, InvalidInput, or what TVM raises.
    """
    text = path.read_text(encoding="utf-8")
    check_relax(text)
    module = tvm.ir.load_json(text)
    names = [each.name_hint for each in module.functions] if isinstance(module, IRModule) else []
    if MAIN not in names:
        raise ConversionFailed(f"got no module with a function {MAIN}; expected one")
    params = module[MAIN].params
    check_signature(wanted.inputs, [_input_type(each) for each in params])
    outputs = [str(name) for name in (module[MAIN].attrs or {}).get("output_names", ())]
    with naming_operators():
        module = relax.transform.BindSymbolicVars(_sizes(params, wanted), MAIN)(module)
    bound = Imported(module, [each.name for each in params], outputs)
    _check_bound(bound, wanted)
    return bound


def _input_type(param: relax.Var) -> InputType:
    if not isinstance(param.ty, relax.TensorType) or param.ty.shape is None:
        raise ConversionFailed(f"input {param.name}: expected a tensor with a shape")
    dims = tuple(int(size) if isinstance(size, IntImm) else None for size in param.ty.shape)
    return InputType(param.name, str(param.ty.dtype), dims)


def _sizes(params: list[relax.Var], wanted: Wanted) -> dict[Var, int]:
    shapes = {spec["name"]: spec["shape"] for spec in wanted.inputs}
    found: dict[Var, int] = {}
    for param in params:
        for symbol, size in zip(param.ty.shape, shapes[param.name], strict=True):
            if isinstance(symbol, Var) and found.setdefault(symbol, size) != size:
                raise _misfit(param.name, shapes[param.name], symbol)
    return found


def _check_bound(bound: Imported, wanted: Wanted) -> None:
    """Sizes may be expressions, as twice another one."""
    shapes = {spec["name"]: spec["shape"] for spec in wanted.inputs}
    for param in bound.module[MAIN].params:
        if shape_of(param.ty) != tuple(shapes[param.name]):
            raise _misfit(param.name, shapes[param.name], param.ty.shape)


def _misfit(name: str, shape: list[int], symbol: object) -> InvalidInput:
    return InvalidInput(f"input {name}: got shape {shape}; {symbol} has another size elsewhere")
