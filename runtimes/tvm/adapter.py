"""Models compiled by TVM."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import tvm
import tvm_ffi
from ayci_runtime.adapter import Adapter, InputType, LoadedModel
from ayci_runtime.errors import InvalidModel
from ayci_runtime.tensors import Tensor
from cpus import check_cpu
from manifest import Manifest, read_manifest
from threads import use_threads
from tvm.runtime.vm import VirtualMachine

ENTRY_FUNCTION = "main"


class TvmModel(LoadedModel):
    """A virtual machine with a compiled model in it."""

    def __init__(self, library: Path, manifest: Manifest) -> None:
        # Not kept alive, else a sandbox would hold every model that it ever loaded.
        module = tvm_ffi.load_module(library, keep_module_alive=False)
        self._machine = VirtualMachine(module, tvm.cpu())
        self.inputs = [InputType(each.name, each.dtype, each.shape) for each in manifest.inputs]
        self.outputs = [(each.name, each.dtype) for each in manifest.outputs]

    def bind(self, feeds: Sequence[Tensor]) -> Callable[[], object]:
        """A call of the compiled function on tensors of TVM, which are aligned as it needs."""
        given = {each.name: each for each in feeds}
        values = [tensor_of(given[each.name]) for each in self.inputs]
        function = self._machine[ENTRY_FUNCTION]
        return lambda: function(*values)

    def tensors(self, raw: object) -> list[Tensor]:
        """The outputs, tuples within tuples in their order."""
        values = zip(self.outputs, _flattened(raw), strict=True)
        return [Tensor(name, dtype, array_of(value)) for (name, dtype), value in values]


def tensor_of(feed: Tensor) -> tvm.runtime.Tensor:
    """A copy, aligned to 64 bytes as compiled code takes for granted."""
    if feed.dtype != "bfloat16":
        return tvm.runtime.tensor(feed.array)
    made = tvm.runtime.empty(feed.array.shape, "bfloat16")
    return made.copyfrom(feed.array)


def array_of(value: tvm.runtime.Tensor) -> np.ndarray:
    """A copy; bits where it holds bfloat16, which numpy lacks."""
    array = value.numpy()
    return array.view(np.uint16) if str(value.dtype) == "bfloat16" else array


def _flattened(value: object) -> Iterator[tvm.runtime.Tensor]:
    if isinstance(value, tvm.runtime.Tensor):
        yield value
    else:
        for each in value:
            yield from _flattened(each)


class TvmAdapter(Adapter):
    """`tvm` and `onnx+tvm`: what `convert.TvmConverter` compiled, without a compiler."""

    framework = "tvm"
    optimizers = ("tvm", "onnx+tvm")

    def load(self, path: Path, optimizer: str, threads: int) -> TvmModel:
        """The model of a model.so with its model.json beside it.

        Raises InvalidModel (another CPU or TVM), InvalidRequest (threads), or what TVM raises.
        """
        manifest = read_manifest(path.parent)
        if manifest.tvm != tvm.__version__:
            raise InvalidModel(
                f"compiled by TVM {manifest.tvm}; this runtime has {tvm.__version__}. Convert again"
            )
        check_cpu(manifest.cpu)
        use_threads(threads)
        return TvmModel(path, manifest)

    def versions(self) -> dict[str, str]:
        """TVM and numpy."""
        return {"tvm": tvm.__version__, "numpy": np.__version__}
