"""The whole of it, from a Relax module to scheduled functions."""

from __future__ import annotations

from functools import partial

import tvm
from tvm import relax
from tvm.ir import IRModule
from tvm.target import Target
from tvm.tirx import PrimFunc

from schedule.blocks import Unscheduled
from schedule.columns import schedule_columns
from schedule.convolution import LAYOUTS, legalize_convolution
from schedule.curves import CURVES, legalize_curve
from schedule.depthwise_tile import schedule_depthwise
from schedule.elementwise import schedule_elementwise
from schedule.fallback import Fallbacks, calls_of
from schedule.folding import fold_constants
from schedule.machine import Machine, machine_of
from schedule.matmul import legalize_matmul
from schedule.raising import raise_bounds
from schedule.reductions import legalize_layer_norm, legalize_reduction, legalize_softmax
from schedule.register_tile import schedule_register_tile
from schedule.rewrite import rewrite
from schedule.rows import schedule_rows

_OPAQUE = 8
# How TVM's primitives say that a function is not of a schedule's kind.
_REFUSALS = (Unscheduled, RuntimeError, ValueError)
_SCHEDULES = (
    schedule_register_tile,
    schedule_depthwise,
    schedule_rows,
    schedule_elementwise,
    schedule_columns,
)
_LEGALIZED = {
    "relax.nn.conv2d": legalize_convolution,
    "relax.matmul": legalize_matmul,
    "relax.nn.softmax": legalize_softmax,
    "relax.nn.log_softmax": legalize_softmax,
    "relax.nn.layer_norm": legalize_layer_norm,
    "relax.sum": legalize_reduction,
    "relax.mean": legalize_reduction,
    "relax.max": legalize_reduction,
    "relax.min": legalize_reduction,
    "relax.variance": legalize_reduction,
    "relax.std": legalize_reduction,
    **{name: legalize_curve for name in CURVES},
}


def optimize(module: IRModule, target: Target) -> tuple[IRModule, list[str]]:
    """Schedules a module, as DecomposeOpsForInference leaves it, for a CPU.

    Returns it, ready for tvm.compile, and what is left to TVM's own, slower code, in words.
    """
    machine, fallbacks = machine_of(target), Fallbacks()
    with target:
        module = _in_layout(module)
        module = _fused(_legalized(module, machine, fallbacks))
        return _scheduled(module, machine, fallbacks), fallbacks.told()


def _in_layout(module: IRModule) -> IRModule:
    """Convolutions and all around them with channels last."""
    convert = relax.transform.ConvertLayout({"relax.nn.conv2d": list(LAYOUTS)})
    for step in (raise_bounds, fold_constants, rewrite, fold_constants, convert, fold_constants):
        module = step(module)
    return module


def _legalized(module: IRModule, machine: Machine, fallbacks: Fallbacks) -> IRModule:
    legalize = {
        name: partial(function, machine=machine, fallbacks=fallbacks)
        for name, function in _LEGALIZED.items()
    }
    passes = relax.transform
    return tvm.transform.Sequential(
        [passes.LegalizeOps(legalize), passes.CanonicalizeBindings(), passes.LegalizeOps()]
    )(module)


def _fused(module: IRModule) -> IRModule:
    passes = relax.transform
    return tvm.transform.Sequential(
        [
            passes.AnnotateTIROpPattern(),
            passes.FoldConstant(),
            passes.FuseOps(),
            passes.FuseTIR(),
            passes.DeadCodeElimination(),
        ]
    )(module)


def _scheduled(module: IRModule, machine: Machine, fallbacks: Fallbacks) -> IRModule:
    calls = calls_of(module)
    for variable, function in list(module.functions_items()):
        if not isinstance(function, PrimFunc):
            continue
        made = _schedule(function, machine)
        if made is None:
            fallbacks.unscheduled(variable.name_hint, calls[variable.name_hint])
            continue
        # Nothing shall be fused with it any more.
        done = {"op_pattern": _OPAQUE, "tirx.is_scheduled": True}
        module.update_func(variable, made.with_attr(done))
    return module


def _schedule(function: PrimFunc, machine: Machine) -> PrimFunc | None:
    for schedule in _SCHEDULES:
        try:
            made = schedule(function, machine)
        except _REFUSALS:
            continue
        symbol = function.attrs.get("global_symbol") if function.attrs else None
        return (
            made.with_attr("global_symbol", symbol)
            if symbol
            else made.without_attr("global_symbol")
        )
    return None
