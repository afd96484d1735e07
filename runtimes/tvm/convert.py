"""Compiles models for one CPU, one batch size and a number of threads."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter_ns

import tvm
from adapter import TvmAdapter
from ayci_runtime.adapter import Conversion, Wanted
from ayci_runtime.errors import ConversionFailed, one_line
from gather import with_safe_lookups
from import_onnx import read_onnx
from import_relax import read_relax
from import_tflite import read_tflite
from imported import Imported, naming_operators, tensors_in, tensors_out
from link import linker
from manifest import LIBRARY, Manifest, write_manifest
from schedule import optimize
from targets import target_of
from tvm import relax
from tvm.target import codegen

# Characters of a reason in a note.
MAX_REASON = 120
_READERS = {".onnx": read_onnx, ".json": read_relax, ".tflite": read_tflite}


class TvmConverter(TvmAdapter):
    """Makes what TvmAdapter serves, of ONNX, Relax and TensorFlow Lite."""

    conversions = ("tvm",)

    def convert(self, path: Path, wanted: Wanted, folder: Path) -> Conversion:
        """Writes model.so, for the shapes of `wanted.inputs`, and model.json.

        optimize_ms: import and what is done on graphs; compile_ms: machine code and linking.
        Raises ConversionFailed that names refused operators, InvalidInput, or what TVM raises.
        """
        if path.suffix not in _READERS:
            raise ConversionFailed(f"{path.name}: expected a name in {', '.join(_READERS)}")
        target = target_of(wanted)
        begin = perf_counter_ns()
        imported = _READERS[path.suffix](path, wanted)
        inputs, outputs = tensors_in(imported), tensors_out(imported)
        with naming_operators():
            module, fallbacks = optimized(imported, target)
            done = perf_counter_ns()
            executable = tvm.compile(module, target=target)
        link = linker(str(target.attrs["mtriple"]))
        library = str(folder / LIBRARY)
        executable.export_library(library, fcompile=link, workspace_dir=str(wanted.scratch))
        manifest = Manifest(
            inputs=inputs,
            outputs=outputs,
            cpu=str(target.attrs["mcpu"]),
            threads=wanted.threads,
            fallbacks=tuple(fallbacks),
            tvm=tvm.__version__,
            llvm=codegen.llvm_version_major(),
        )
        write_manifest(manifest, folder)
        end = perf_counter_ns()
        notes = (f"TVM's own code, slower: {', '.join(fallbacks)}",) if fallbacks else ()
        return Conversion(LIBRARY, (done - begin) / 1e6, (end - done) / 1e6, notes)

    def versions(self) -> dict[str, str]:
        """TVM, LLVM and numpy."""
        return {**super().versions(), "llvm": str(codegen.llvm_version_major())}


def optimized(imported: Imported, target: tvm.target.Target) -> tuple[tvm.IRModule, list[str]]:
    """The module, simplified for inference and scheduled, and what fell back to TVM's own code."""
    module = with_safe_lookups(imported.module)
    module = relax.transform.DecomposeOpsForInference()(module)
    try:
        return optimize(module, target)
    except (RuntimeError, ValueError, TypeError) as error:
        # Where a pass cannot take a graph, as of unknown sizes, slow is better than none.
        return module, [f"everything ({one_line(error)[:MAX_REASON]})"]
